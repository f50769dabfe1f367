#include "sweep/packed_json.h"

#include <zlib.h>

#include <stdexcept>

#include "base/error.h"

namespace lacuna {

namespace {

constexpr int kLevel = 3;                     ///< 6 is 5 % smaller and takes three times as long
constexpr int kWindowBits = 13, kMemory = 6;  ///< 64 KiB, which the heap has at hand; zlib's defaults take 256
constexpr std::size_t kBlock = 1 << 16;

}  // namespace

std::string pack_json(std::string_view json) {
  if (json.empty()) return {};
  z_stream stream{};
  LACUNA_CHECK(deflateInit2(&stream, kLevel, Z_DEFLATED, kWindowBits, kMemory, Z_DEFAULT_STRATEGY) == Z_OK,
               "zlib cannot start");
  std::string packed(deflateBound(&stream, json.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(json.data()));  // zlib does not write there
  stream.avail_in = static_cast<uInt>(json.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int status = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  LACUNA_CHECK(status == Z_STREAM_END, "zlib: {}", status);
  return packed;
}

std::string unpack_json(std::string_view packed) {
  if (packed.empty()) return {};
  z_stream stream{};
  LACUNA_CHECK(inflateInit(&stream) == Z_OK, "zlib cannot start");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));  // zlib does not write there
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string json;
  int status = Z_OK;
  while (status == Z_OK) {
    json.resize(json.size() + kBlock);
    stream.next_out = reinterpret_cast<Bytef*>(json.data() + json.size() - kBlock);
    stream.avail_out = kBlock;
    status = inflate(&stream, Z_NO_FLUSH);
  }
  json.resize(stream.total_out);
  inflateEnd(&stream);
  if (status != Z_STREAM_END || stream.avail_in != 0) throw std::runtime_error("these bytes are not zlib's");
  return json;
}

}  // namespace lacuna
