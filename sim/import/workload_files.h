// The one writer: layers of any format become a workload.yaml and, of masks, its tensors.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "import/layer_list.h"

namespace lacuna::imports {

struct WriteOptions {
  std::string command;                   ///< how it was imported, for the first line: "lacuna import timeloop"
  std::string network;                   ///< "" for the name the files give, or the first file's own
  std::optional<double> weights, input;  ///< densities where a file gives none; 1 if absent
  bool relu = false;                     ///< every layer ends in ReLU
  std::string source;                    ///< "" for what is known of the files
};

/// A folder's files by name: "workload.yaml", "conv1.weights.npy", ... The same bytes for the same files and options.
std::map<std::string, std::string> workload_files(const std::vector<ImportedFile>& files, const WriteOptions& options);

/// What the import is to say: each file's layers and dense products, the notes, the total.
std::string import_summary(const std::vector<ImportedFile>& files);

/// Opens the written workload at `path` again and holds each layer against what its format said. Bug if they differ.
void check_written(const std::filesystem::path& path, const std::vector<ImportedFile>& files);

}  // namespace lacuna::imports
