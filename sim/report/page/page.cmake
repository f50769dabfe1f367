# The page of `lacuna report` and the library that draws its plots, as bytes in the program.
find_file(LACUNA_CHART_JS chart.min.js PATHS /usr/share/javascript/chart.js /usr/share/nodejs/chart.js/dist REQUIRED
          NO_DEFAULT_PATH DOC "Chart.js 3, of the package libjs-chart.js")
file(STRINGS ${LACUNA_CHART_JS} chart_version LIMIT_COUNT 2 REGEX "Chart\\.js v")
if(NOT chart_version MATCHES "Chart\\.js v3\\.")
  message(FATAL_ERROR "${LACUNA_CHART_JS} is not Chart.js 3; the package libjs-chart.js has it")
endif()
set(page ${CMAKE_CURRENT_LIST_DIR})
set(page_files ${page}/page.html ${page}/style.css ${LACUNA_CHART_JS} ${page}/theme.js ${page}/words.js ${page}/table.js
    ${page}/plot.js ${page}/breakdown.js ${page}/roofline.js ${page}/heatmap.js ${page}/overview.js ${page}/compare.js ${page}/explain.js
    ${page}/sweep_view.js ${page}/pareto.js ${page}/front.js ${page}/points.js ${page}/sweep.js ${page}/main.js)
list(JOIN page_files "|" page_list)
add_custom_command(
  OUTPUT generated/page_files.cc
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${CMAKE_CURRENT_BINARY_DIR}/generated/page_files.cc "-DFILES=${page_list}" -P
          ${page}/embed.cmake
  DEPENDS ${page_files} ${page}/embed.cmake
  VERBATIM)
target_sources(lacuna_report PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/generated/page_files.cc)
