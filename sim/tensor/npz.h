// Tensors from .npz, NumPy's zip archive of .npy members.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace lacuna {

/// Names of the arrays in the archive, without ".npy", in the order of the archive. UserError if it cannot be read.
[[nodiscard]] std::vector<std::string> npz_members(const std::filesystem::path& path);

/// The array `member` ("conv1.weights", with or without ".npy"), stored or deflated. UserError, its place the archive,
/// for a member that is not there (with the nearest), a damaged archive, and all that read_npy() refuses.
[[nodiscard]] Tensor read_npz(const std::filesystem::path& path, const std::string& member);

}  // namespace lacuna
