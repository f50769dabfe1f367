// Masks and matrices of weights: 0/1 text, .npy, .smtx and Matrix Market.
#pragma once

#include <array>

#include "import/layer_list.h"

namespace lacuna::imports {

struct MaskOptions {
  std::uint32_t images = 1;             ///< N of the layer
  std::uint32_t height = 0, width = 0;  ///< of a convolution's input; 0: as large as the filter, so one window
  /// How the columns of a matrix count the places of a filter, slowest first: {{'C', 64}, {'R', 3}, {'S', 3}}. Empty:
  /// the matrix belongs to a fully connected layer and K runs as its columns do.
  std::vector<std::pair<char, std::uint32_t>> order;
  double input = 1;  ///< density
  std::uint64_t seed = 1;
};

/// A matrix as its file has it. Zeros and ones alone are a mask.
struct Matrix {
  std::string format;  ///< "Matrix Market file"
  Shape shape;         ///< [M, K], or of .npy also [M, C, R, S]
  std::vector<double> values;
  std::vector<std::string> notes;
};

Matrix read_text_mask(const std::filesystem::path& path);      ///< rows of 0 and 1, with or without separators
Matrix read_smtx(const std::filesystem::path& path);           ///< rows, columns, nonzeros; row offsets; columns
Matrix read_matrix_market(const std::filesystem::path& path);  ///< coordinate and array, all real fields
Matrix read_npy_matrix(const std::filesystem::path& path);     ///< two or four dimensions

/// Reads one file, by its ending, into a layer with weights. Values that the file gives are kept: whole numbers of up
/// to 16 bits as they are, others quantised to int8 so that no nonzero is lost. A mask gets values drawn from the seed.
/// UserError with line and column at whatever does not keep its format.
ImportedFile read_mask(const std::filesystem::path& path, const MaskOptions& options);

}  // namespace lacuna::imports
