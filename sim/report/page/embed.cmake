# Writes files as byte arrays into a C++ source, so that the program carries its page: cmake -DOUTPUT=... -DFILES=a|b -P embed.cmake
string(REPLACE "|" ";" FILES "${FILES}")
set(arrays "")
set(table "")
set(index 0)
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME)
  file(READ "${file}" text)
  # A script that holds this text would end its element.
  if(NOT name STREQUAL "page.html" AND text MATCHES "</[sS][cC][rR][iI][pP][tT]|<!--")
    message(FATAL_ERROR "${file}: holds '</script' or '<!--' and cannot be embedded in a page")
  endif()
  file(READ "${file}" bytes HEX)
  string(LENGTH "${bytes}" size)
  math(EXPR size "${size} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "constexpr unsigned char kFile${index}[] = {${bytes}};\n")
  string(APPEND table "    {\"${name}\", {reinterpret_cast<const char*>(kFile${index}), ${size}}},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE "${OUTPUT}" "// Generated from sim/report/page and Chart.js.\n#include \"report/page_files.h\"\n\nnamespace lacuna {\n\n"
     "namespace {\n\n${arrays}\n}  // namespace\n\nconst std::vector<PageFile>& page_files() {\n"
     "  static const std::vector<PageFile> files = {\n${table}  };\n  return files;\n}\n\n}  // namespace lacuna\n")
