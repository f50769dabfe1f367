// The figures as JSON, in columns for sweeps, and the page around them.
#include "report/page.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "report/page_files.h"

namespace lacuna {

namespace {

using Json = nlohmann::ordered_json;

template <typename Enum>
Json counters_json(const Counters<Enum>& counters) {
  Json json = Json::object();
  for (std::size_t i = 0; i < counters.value.size(); ++i)
    json[std::string(EnumNames<Enum>::names[i])] = counters.value[i];
  return json;
}

Json group_json(const ResultGroup& group) {
  Json json = {{"name", group.name},         {"op", group.op},         {"images", group.images},
               {"verified", group.verified}, {"cycles", group.cycles}, {"pairs", counters_json(group.pairs)}};
  json["pairs"]["dense"] = group.dense_pairs;
  json["pe_cycles"] = counters_json(group.pe_cycles);
  json["traffic_bytes"] = Json::object();
  for (const auto& [action, count] : group.actions.entries())
    if (action->moves_bytes) json["traffic_bytes"][std::string(action->name)] = count;
  json["energy"] = Json::object();
  for (const auto& [component, value] : group.energy.components()) json["energy"][std::string(component)] = value;
  json["energy_total"] = group.energy.total;
  json["busy"] = group.busy;
  json["notes"] = group.notes;
  return json;
}

double dram_gb_per_s(const Result& result) {
  // Results of earlier versions have no clock of DRAM: it was the array's.
  const bool has_clock =
      std::ranges::find(result.config, "dram.clock_mhz", [](const auto& p) { return p.first; }) != result.config.end();
  const std::uint64_t own = has_clock ? result.number("dram.clock_mhz") : 0;
  const std::uint64_t mhz = own != 0 ? own : result.number("clock_mhz");
  return static_cast<double>(result.number("dram.bytes_per_cycle") * mhz) / 1000;
}

Json result_json(const Result& result, const std::string& label) {
  const std::uint64_t rows = result.number("array.rows"), columns = result.number("array.columns");
  Json json = {{"label", label},
               {"file", result.file},
               {"version", result.version},
               {"engine", result.engine},
               {"config_hash", result.config_hash},
               {"energy_table", result.energy_table},
               {"energy_hash", result.energy_hash},
               {"energy_unit", name_of(result.energy_unit)},
               {"workload", result.workload},
               {"source", result.source},
               {"workload_hash", result.workload_hash}};
  json["config"] = Json::array();
  for (const auto& [name, value] : result.config) json["config"].push_back({name, value});
  json["machine"] = {{"name", result.parameter("name")},
                     {"rows", rows},
                     {"columns", columns},
                     {"pes", rows * columns},
                     {"datapath", result.parameter("array.datapath")},
                     {"peak_gops", result.peak_gops},
                     {"clock_mhz", result.number("clock_mhz")},
                     {"dram_gb_per_s", dram_gb_per_s(result)}};
  json["layers"] = Json::array();
  for (const auto& layer : result.layers) json["layers"].push_back(group_json(layer));
  json["total"] = group_json(result.total);
  return json;
}

/// The shortest ends of the paths that tell the results apart, without "result.json".
std::vector<std::string> labels(const std::vector<Result>& results) {
  std::vector<std::vector<std::string>> parts;
  for (const auto& result : results) {
    std::vector<std::string> one;
    for (const auto& part : std::filesystem::path(result.file)) one.push_back(part.string());
    if (one.size() > 1 && one.back() == "result.json") one.pop_back();
    parts.push_back(std::move(one));
  }
  for (std::size_t length = 1;; ++length) {
    std::vector<std::string> ends;
    bool whole = true;
    for (const auto& part : parts) {
      whole = whole && length >= part.size();
      const std::size_t from = part.size() - std::min(length, part.size());
      ends.push_back(fmt::format("{}", fmt::join(part.begin() + static_cast<std::ptrdiff_t>(from), part.end(), "/")));
    }
    auto sorted = ends;
    std::sort(sorted.begin(), sorted.end());
    const bool distinct = std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
    if (distinct) return ends;
    if (!whole) continue;
    for (std::size_t i = 0; i < ends.size(); ++i) ends[i] += fmt::format(" ({})", i + 1);  // a result given twice
    return ends;
  }
}

/// Numbers in their order, other words as they come.
void sort_values(std::vector<std::string>& values) {
  const auto is_number = [](const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  };
  if (std::all_of(values.begin(), values.end(), is_number))
    std::sort(values.begin(), values.end(), [](const std::string& a, const std::string& b) {
      return a.size() != b.size() ? a.size() < b.size() : a < b;
    });
}

/// Settings by name with their different values in order, and which of them each point has: a few bytes a point.
Json sweep_json(const PageSweep& sweep) {
  LACUNA_CHECK(!sweep.points.empty(), "a sweep without points");
  std::vector<std::string> names;
  for (const auto& point : sweep.points)
    for (const auto& [name, value] : point.settings)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);

  Json json = {
      {"name", sweep.name}, {"file", sweep.file}, {"count", sweep.points.size()}, {"energy_unit", name_of(sweep.unit)}};
  json["parameters"] = Json::array();
  json["common"] = Json::array();
  for (const auto& name : names) {
    std::vector<std::string> of_points, values;
    std::map<std::string, std::size_t> index;
    for (const auto& point : sweep.points) {
      std::string text = "-";  // a point that has no such setting
      for (const auto& [key, value] : point.settings)
        if (key == name) text = value;
      if (index.emplace(text, 0).second) values.push_back(text);
      of_points.push_back(std::move(text));
    }
    if (values.size() == 1) {
      json["common"].push_back({name, values.front()});
      continue;
    }
    const std::string first = of_points.front();
    sort_values(values);
    for (std::size_t i = 0; i < values.size(); ++i) index[values[i]] = i;
    Json of = Json::array();
    for (const auto& text : of_points) of.push_back(index[text]);
    const bool axis = sweep.axes.empty() || std::find(sweep.axes.begin(), sweep.axes.end(), name) != sweep.axes.end();
    // Cycles of different networks are not compared: one is shown at a time.
    json["parameters"].push_back({{"name", name},
                                  {"single", name == "network"},
                                  {"axis", axis || name == "network"},
                                  {"first", index[first]},
                                  {"values", values},
                                  {"index", std::move(of)}});
  }
  Json metrics = {{"cycles", Json::array()}, {"seconds", Json::array()}, {"energy", Json::array()}};
  const bool areas =
      std::all_of(sweep.points.begin(), sweep.points.end(), [](const auto& p) { return p.um2.has_value(); });
  Json classes = Json::object();
  for (const auto& point : sweep.points) {
    metrics["cycles"].push_back(point.cycles);
    metrics["seconds"].push_back(point.seconds);
    metrics["energy"].push_back(point.energy);
    if (areas) metrics["area"].push_back(*point.um2);
    for (std::size_t i = 0; i < point.pe_cycles.value.size(); ++i)
      classes[std::string(EnumNames<PeClass>::names[i])].push_back(point.pe_cycles.value[i]);
  }
  json["maps"] = Json::array();
  for (std::size_t i = 0; i < sweep.points.size(); ++i) {
    if (sweep.points[i].maps.empty()) continue;
    Json layers = Json::array();
    for (const auto& map : sweep.points[i].maps)
      layers.push_back({{"name", map.layer}, {"cycles", map.cycles}, {"busy", map.busy}});
    json["maps"].push_back({{"point", i}, {"layers", std::move(layers)}});
  }
  json["metrics"] = std::move(metrics);
  json["pe_cycles"] = std::move(classes);
  return json;
}

Json explanation_json(const ExplainPage& page) {
  Json json = {{"file", page.file},
               {"version", page.version},
               {"machine", page.machine},
               {"config_hash", page.config_hash},
               {"workload", page.workload},
               {"source", page.source},
               {"workload_hash", page.workload_hash},
               {"sentences", page.sentences},
               {"layers", page.layers},
               {"cycles", page.cycles}};
  json["rows"] = Json::array();
  for (const auto& row : page.rows)
    json["rows"].push_back({{"limit", row.limit},
                            {"sentence", row.sentence},
                            {"kind", row.evidence},
                            {"settings", row.settings},
                            {"won", row.won}});
  return json;
}

/// Classes, and what the results have of components and traffic, with their sentences, in the order in which they are
/// drawn.
Json words_json(const std::vector<Result>& results) {
  Json pe_classes = Json::array(), pair_classes = Json::array(), components = Json::array(), traffic = Json::array();
#define X(enumerator, word, sentence) pe_classes.push_back({word, sentence});
  LACUNA_PE_CLASSES(X)
#undef X
#define X(enumerator, word, sentence) pair_classes.push_back({word, sentence});
  LACUNA_PAIR_CLASSES(X)
#undef X
  ByAction<std::uint64_t> actions;
  Energy energies;
  for (const Result& result : results) {
    actions += result.total.actions;
    energies += result.total.energy;
  }
  for (const auto& [component, value] : energies.components()) components.push_back({component, ""});
  for (const auto& [action, count] : actions.entries())
    if (action->moves_bytes) traffic.push_back({action->name, action->sentence});
  Json kinds = Json::array();
  for (std::size_t i = 0; i < kEvidenceSentences.size(); ++i)
    kinds.push_back({EnumNames<Evidence>::names[i], kEvidenceSentences[i]});
  return {{"pe_classes", pe_classes},
          {"pair_classes", pair_classes},
          {"components", components},
          {"traffic", traffic},
          {"explanation_kinds", kinds}};
}

/// JSON that may stand in a script element: no '<', so nothing in it ends the element or begins a comment.
std::string harmless(const Json& json) {
  std::string out;
  for (char c : json.dump(-1, ' ', true, Json::error_handler_t::replace)) {
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string to_page(const PageContent& content) {
  Json data = {{"version", content.version}, {"words", words_json(content.results)}};
  data["results"] = Json::array();
  const auto names = labels(content.results);
  for (std::size_t i = 0; i < content.results.size(); ++i)
    data["results"].push_back(result_json(content.results[i], names[i]));
  data["sweeps"] = Json::array();
  for (const auto& sweep : content.sweeps) data["sweeps"].push_back(sweep_json(sweep));

  data["explanations"] = Json::array();
  for (const auto& one : content.explanations) data["explanations"].push_back(explanation_json(one));

  std::string_view page, style;
  std::string scripts;
  for (const auto& file : page_files()) {
    if (file.name == "page.html")
      page = file.contents;
    else if (file.name == "style.css")
      style = file.contents;
    else
      scripts += fmt::format("<script>\n{}\n</script>\n", file.contents);
  }
  const std::string json = harmless(data);
  std::string out;
  // Each mark stands once in page.html; what is put in is not looked at again.
  for (const auto& [mark, text] :
       {std::pair<std::string_view, std::string_view>{"@STYLE@", style}, {"@DATA@", json}, {"@SCRIPTS@", scripts}}) {
    const auto at = page.find(mark);
    LACUNA_CHECK(at != std::string_view::npos, "page.html has no {}", mark);
    out.append(page.substr(0, at));
    out.append(text);
    page.remove_prefix(at + mark.size());
  }
  return out.append(page);
}

}  // namespace lacuna
