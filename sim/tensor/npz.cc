// .npz archives through libzip.
#include "tensor/npz.h"

#include <zip.h>

#include <memory>
#include <string_view>

#include "tensor/npy.h"

namespace lacuna {
namespace {

constexpr std::string_view kSuffix = ".npy";

struct Close {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};

std::unique_ptr<zip_t, Close> open(const std::filesystem::path& path) {
  const Place place{path.string()};
  if (std::filesystem::is_directory(path)) fail(place, "is a folder, not an .npz archive");
  int code = 0;
  std::unique_ptr<zip_t, Close> archive(zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
  if (archive) return archive;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  fail(place, "cannot read the .npz archive: {}", text);
}

std::vector<std::string> members_of(zip_t* archive) {
  std::vector<std::string> names;
  for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); ++i) {
    const char* entry = zip_get_name(archive, static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW);
    std::string name = entry != nullptr ? entry : "";
    if (name.ends_with(kSuffix)) names.push_back(name.substr(0, name.size() - kSuffix.size()));
  }
  return names;
}

}  // namespace

std::vector<std::string> npz_members(const std::filesystem::path& path) { return members_of(open(path).get()); }

Tensor read_npz(const std::filesystem::path& path, const std::string& member) {
  const auto archive = open(path);
  std::string name = member;
  if (!name.ends_with(kSuffix)) name += kSuffix;
  const Place place{path.string()};

  const zip_int64_t index = zip_name_locate(archive.get(), name.c_str(), ZIP_FL_ENC_RAW);
  if (index < 0) {
    const auto members = members_of(archive.get());
    throw UserError(place,
                    unknown_word("member", member, std::vector<std::string_view>(members.begin(), members.end())));
  }

  const Place member_place{path.string() + ":" + name};
  zip_stat_t stat;
  if (zip_stat_index(archive.get(), static_cast<zip_uint64_t>(index), 0, &stat) != 0 ||
      (stat.valid & ZIP_STAT_SIZE) == 0)
    fail(member_place, "cannot read: {}", zip_strerror(archive.get()));
  const std::unique_ptr<zip_file_t, Close> file(zip_fopen_index(archive.get(), static_cast<zip_uint64_t>(index), 0));
  if (!file) fail(member_place, "cannot read: {}", zip_strerror(archive.get()));

  const auto read = [&](std::span<std::byte> bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const zip_int64_t got = zip_fread(file.get(), bytes.data() + done, bytes.size() - done);
      if (got < 0) fail(member_place, "cannot read: {}", zip_file_strerror(file.get()));
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  };
  Tensor tensor = read_npy(read, stat.size, member_place);
  std::byte more;
  read({&more, 1});  // at its end libzip compares the checksum
  return tensor;
}

}  // namespace lacuna
