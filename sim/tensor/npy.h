// Tensors from and to .npy, NumPy's file of one array (format versions 1.0, 2.0 and 3.0, NEP 1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "tensor/tensor.h"

namespace lacuna {

/// More elements than this are refused: no layer has them, so the header is wrong.
constexpr std::uint64_t kMaxElements = std::uint64_t{1} << 31;

/// Reads one array. Big-endian elements are swapped and Fortran order is transposed, so that the result is always
/// little-endian and in C order; float16 becomes float32 and bool uint8, value for value. One-line UserError, its place
/// the file, for a path that cannot be read, a file that is no .npy, is cut short or has bytes left over, an element
/// type that is not a DType, and a NaN or an infinity (named by its index).
[[nodiscard]] Tensor read_npy(const std::filesystem::path& path);

/// The same from any stream of `size` bytes; `read` fills its span from the front and returns how many bytes it had.
[[nodiscard]] Tensor read_npy(const std::function<std::size_t(std::span<std::byte>)>& read, std::uint64_t size,
                              const Place& place);

/// The bytes of a version 1.0 file with `tensor`, as numpy.save writes them.
[[nodiscard]] std::string write_npy(const Tensor& tensor);

}  // namespace lacuna
