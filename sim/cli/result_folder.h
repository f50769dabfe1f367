// The folder of a result: result.json, result.csv, config.yaml, energy.yaml and each layer's output as .npy.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace lacuna {

/// UserError if `folder` could not be written later: it exists, is not empty and `is_ours` does not know it ("exists
/// and is no WHAT"), or the folder it would lie in is missing or may not be written.
void check_target_folder(const std::filesystem::path& folder,
                         const std::function<bool(const std::filesystem::path&)>& is_ours, std::string_view what);

/// Of which machine and workload a result is.
struct ResultIdentity {
  std::string config_hash, workload_hash;
};

/// UserError if `folder` could not be written later: it exists and is no result of this program, or, without `force`,
/// one of another machine or workload; or the folder it would lie in is missing or may not be written. Asked before the
/// simulation, which may take long.
void check_result_folder(const std::filesystem::path& folder, const ResultIdentity& identity, bool force);

/// Writes `files` (name and contents) as `folder`, whole or not at all; a result that check_result_folder() lets pass
/// is replaced. Ctrl-C is held back meanwhile, which is milliseconds.
void write_result_folder(const std::filesystem::path& folder, const std::map<std::string, std::string>& files,
                         const ResultIdentity& identity, bool force);

/// "conv1" -> "conv1.output.npy"; characters a file name should not have become %XX.
std::string output_file_name(const std::string& layer);

}  // namespace lacuna
