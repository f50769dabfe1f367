// The file of an explanation. Its keys are a promise to other programs: they are added to, never renamed.
#include <algorithm>
#include <fstream>

#include "base/yaml.h"
#include "report/explain_report.h"
#include "report/json_value.h"

namespace lacuna {

namespace {

/// {"total": 30, "layers": [10, 20]}
Json cycles_json(const std::vector<std::uint64_t>& cycles) { return {{"total", total(cycles)}, {"layers", cycles}}; }

Json finding_json(const Explanation& e, const Finding& finding) {
  Json json = {{"limit", finding.limit},
               {"sentence", finding.sentence},
               {"kind", name_of(finding.evidence)},
               {"combined", finding.combined},
               {"settings", finding.settings}};
  json["cycles"] = cycles_json(finding.cycles);
  json["won"] = won(e, finding.cycles);
  return json;
}

/// [layer], which add up to the total and are `layers`.
std::vector<std::uint64_t> cycles_of(const JsonValue& json, std::size_t layers) {
  std::vector<std::uint64_t> cycles;
  for (const JsonValue& one : json["layers"].list()) cycles.push_back(one.whole());
  if (cycles.size() != layers || total(cycles) != json["total"].whole())
    fail(Place{json.file()}, "{} is not the sum of {} layers; the file is damaged", json.path(), layers);
  return cycles;
}

std::string kind_of(const JsonValue& json) {
  return std::string(name_of(parse_enum<Evidence>(json.text(), Place{json.file()}, json.path())));
}

std::vector<std::string> texts_of(const JsonValue& json) {
  std::vector<std::string> texts;
  for (const JsonValue& one : json.list()) texts.push_back(one.text());
  return texts;
}

}  // namespace

std::string explain_json(const ExplainReport& report) {
  const Explanation& e = report.explanation;
  Json json = Json::object();
  json["kind"] = "explanation";
  json["program"] = {{"name", "lacuna"}, {"version", report.version}};
  json["config"] = config_json(report.machine);
  json["config_hash"] = report.config_hash;
  json["workload"] = {{"network", report.workload}, {"source", report.source}, {"hash", report.workload_hash}};
  json["engine"] = name_of(EngineKind::Fast);
  json["sentences"] = explain_sentences(report);
  json["layers"] = e.layers;
  json["cycles"] = cycles_json(e.cycles);
  json["limits"] = Json::array();
  for (const Finding& finding : e.findings) json["limits"].push_back(finding_json(e, finding));
  json["cheapest"] = nullptr;
  if (e.cheapest) {
    json["cheapest"] = {{"limit", e.findings[e.cheapest->finding].limit}, {"settings", e.cheapest->settings}};
    json["cheapest"]["cycles"] = cycles_json(e.cheapest->cycles);
    json["cheapest"]["won"] = won(e, e.cheapest->cycles);
  }
  return json_text(json);
}

bool is_explanation(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  std::string begin(kExplanationBegin.size(), '\0');
  std::ifstream file(path, std::ios::binary);
  return file.read(begin.data(), static_cast<std::streamsize>(begin.size())) && begin == kExplanationBegin;
}

ExplainPage read_explanation(const std::filesystem::path& path) {
  const std::string file = path.string();
  const Json json = parse_json(yaml::read_text(path), file);
  const JsonValue document(json, file);
  ExplainPage page;
  page.file = file;
  page.version = document["program"]["version"].text();
  page.machine = document["config"]["name"].text();
  page.config_hash = document["config_hash"].text();
  page.workload = document["workload"]["network"].text();
  page.source = document["workload"]["source"].text();
  page.workload_hash = document["workload"]["hash"].text();
  page.sentences = texts_of(document["sentences"]);
  page.layers = texts_of(document["layers"]);
  const auto before = cycles_of(document["cycles"], page.layers.size());
  page.cycles = total(before);
  for (const JsonValue& one : document["limits"].list()) {
    ExplainPage::Row row{
        one["limit"].text(), one["sentence"].text(), kind_of(one["kind"]), texts_of(one["settings"]), {}};
    const auto cycles = cycles_of(one["cycles"], page.layers.size());
    for (std::size_t i = 0; i < cycles.size(); ++i)
      row.won.push_back(static_cast<std::int64_t>(before[i]) - static_cast<std::int64_t>(cycles[i]));
    page.rows.push_back(std::move(row));
  }
  return page;
}

}  // namespace lacuna
