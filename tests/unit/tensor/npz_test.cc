// .npz archives: stored and deflated members, and archives that are broken.
#include "tensor/npz.h"

#include <zip.h>

#include <catch2/catch.hpp>

#include "../temporary_folder.h"
#include "base/random.h"
#include "tensor/npy.h"

using namespace lacuna;

namespace {

Tensor numbers(std::size_t count) {
  Tensor tensor(DType::Int16, {count});
  for (std::size_t i = 0; i < count; ++i) tensor.as<std::int16_t>()[i] = static_cast<std::int16_t>(i / 3);
  return tensor;
}

/// An archive with "stored.npy" and "deflated.npy" and "note.txt".
std::filesystem::path archive(const TemporaryFolder& folder, const std::string& stored, const std::string& deflated) {
  const auto path = folder.path() / "a.npz";
  zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  const auto add = [&](const char* name, const std::string& bytes, zip_int32_t method) {
    const zip_int64_t index = zip_file_add(zip, name, zip_source_buffer(zip, bytes.data(), bytes.size(), 0), 0);
    REQUIRE(index >= 0);
    REQUIRE(zip_set_file_compression(zip, static_cast<zip_uint64_t>(index), method, 0) == 0);
  };
  const std::string note = "text";
  add("stored.npy", stored, ZIP_CM_STORE);
  add("deflated.npy", deflated, ZIP_CM_DEFLATE);
  add("note.txt", note, ZIP_CM_STORE);
  REQUIRE(zip_close(zip) == 0);
  return path;
}

}  // namespace

TEST_CASE("stored and deflated members read back with or without their suffix") {
  const TemporaryFolder folder;
  const auto path = archive(folder, write_npy(numbers(10)), write_npy(numbers(100000)));
  CHECK(std::filesystem::file_size(path) < 200000);  // it was deflated
  CHECK(npz_members(path) == std::vector<std::string>{"stored", "deflated"});
  CHECK(read_npz(path, "stored") == numbers(10));
  CHECK(read_npz(path, "deflated") == numbers(100000));
  CHECK(read_npz(path, "deflated.npy") == numbers(100000));
}

TEST_CASE("a member that is not there is refused with the nearest") {
  const TemporaryFolder folder;
  const auto path = archive(folder, write_npy(numbers(1)), write_npy(numbers(1)));
  CHECK(error_text(folder, [&] { (void)read_npz(path, "storde"); }) ==
        "a.npz: unknown member 'storde'; did you mean 'stored'? (stored, deflated)");
  CHECK(error_text(folder, [&] { (void)read_npz(path, "conv17.weights"); }) ==
        "a.npz: unknown member 'conv17.weights' (stored, deflated)");
}

TEST_CASE("a member that is no npy is refused with its name") {
  const TemporaryFolder folder;
  const auto path = archive(folder, "plain text", write_npy(numbers(9)).substr(0, 140));
  CHECK(error_text(folder, [&] { (void)read_npz(path, "stored"); }) == "a.npz:stored.npy: not an .npy file");
  CHECK(error_text(folder, [&] { (void)read_npz(path, "deflated"); }) ==
        "a.npz:deflated.npy: truncated data: shape [9] of int16 takes 18 bytes, 12 are there");
}

TEST_CASE("an archive that cannot be read is refused") {
  const TemporaryFolder folder;
  const auto text = [&](const std::string& name) {
    return error_text(folder, [&] { (void)read_npz(folder.path() / name, "x"); });
  };
  folder.write("text.npz", "this is not a zip archive, it is a sentence of text");
  CHECK(text("text.npz") == "text.npz: cannot read the .npz archive: Not a zip archive");
  CHECK(text("missing.npz") == "missing.npz: cannot read the .npz archive: No such file");
  std::filesystem::create_directory(folder.path() / "d.npz");
  CHECK(text("d.npz") == "d.npz: is a folder, not an .npz archive");
}

TEST_CASE("a damaged element in an archive is found by its checksum") {
  const TemporaryFolder folder;
  const auto path = archive(folder, write_npy(numbers(1000)), write_npy(numbers(1)));
  std::string bytes(std::filesystem::file_size(path), '\0');
  std::ifstream(path, std::ios::binary).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes[1000] = static_cast<char>(bytes[1000] ^ 1);
  folder.write("a.npz", bytes);
  CHECK(error_text(folder, [&] { (void)read_npz(path, "stored"); }) == "a.npz:stored.npy: cannot read: CRC error");
}

TEST_CASE("no mutation of an archive crashes the reader") {
  const TemporaryFolder folder;
  const auto path = archive(folder, write_npy(numbers(4)), write_npy(numbers(4)));
  std::string good(std::filesystem::file_size(path), '\0');
  std::ifstream(path, std::ios::binary).read(good.data(), static_cast<std::streamsize>(good.size()));
  Random random(3);
  for (int round = 0; round < 500; ++round) {
    std::string bytes = good.substr(0, good.size() - (random.below(4) == 0 ? random.below(good.size()) : 0));
    for (std::uint64_t i = random.below(4) + 1; i-- > 0 && !bytes.empty();)
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    const auto broken = folder.write("b.npz", bytes);
    for (const char* member : {"stored", "deflated"})
      CHECK(error_text(folder, [&] { (void)read_npz(broken, member); }).find('\n') == std::string::npos);
  }
}
