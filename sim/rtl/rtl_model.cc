#include "rtl/rtl_model.h"

#include <dlfcn.h>

#include <bit>
#include <cctype>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

namespace lacuna {

namespace {

/// Verilator's library keeps a buffer for names of instances in every thread that makes a model and never frees it
/// (Verilated::catName); a leak checker is told to pass over what a model allocates when it is made.
LacunaModel* created(const LacunaModelApi& api) {
#ifdef __SANITIZE_ADDRESS__
  const __lsan::ScopedDisabler unchecked;
#endif
  return api.create();
}

}  // namespace

static_assert(std::endian::native == std::endian::little, "ports are read and written as bytes, lowest first");

std::vector<std::uint32_t> Probe::indices() const {
  std::vector<std::uint32_t> indices;
  for (std::size_t at = 0; (at = path_.find('[', at)) != std::string_view::npos;) {
    std::uint32_t index = 0;
    for (++at; at < path_.size() && std::isdigit(static_cast<unsigned char>(path_[at])); ++at)
      index = index * 10 + static_cast<std::uint32_t>(path_[at] - '0');
    indices.push_back(index);
  }
  return indices;
}

RtlModel::RtlModel(const std::filesystem::path& shared_object) {
  library_ = dlopen(shared_object.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library_) fail({shared_object.string()}, "cannot be loaded: {}; remove it to have it built anew", dlerror());
  const auto get = reinterpret_cast<const LacunaModelApi* (*)()>(dlsym(library_, "lacuna_model_api"));
  if (!get) {
    dlclose(library_);
    fail({shared_object.string()}, "is not a model; remove it to have it built anew");
  }
  api_ = get();
  LACUNA_CHECK(api_->version == kLacunaModelVersion, "model of version {}", api_->version);
  model_ = created(*api_);
}

RtlModel::~RtlModel() {
  close_waves();
  api_->destroy(model_);
  dlclose(library_);
}

void RtlModel::open_waves(const std::filesystem::path& path, std::uint64_t cycle) {
  if (!api_->open_waves(model_, path.c_str())) fail({path.string()}, "cannot be written");
  waves_ = true;
  time_ = cycle * kCycleTime;
}

void RtlModel::close_waves() {
  if (waves_) api_->close_waves(model_);
  waves_ = false;
}

Port RtlModel::port(std::string_view name, std::uint32_t width) const {
  const LacunaPort* ports = nullptr;
  const std::size_t count = api_->ports(model_, &ports);
  for (std::size_t i = 0; i < count; ++i)
    if (name == ports[i].name) return {ports[i], width};
  throw Bug(fmt::format("the model has no port {}", name));
}

bool RtlModel::has_port(std::string_view name) const {
  const LacunaPort* ports = nullptr;
  const std::size_t count = api_->ports(model_, &ports);
  return std::any_of(ports, ports + count, [&](const LacunaPort& port) { return name == port.name; });
}

std::uint32_t RtlModel::width(std::string_view name) const {
  const LacunaWidth* widths = nullptr;
  const std::size_t count = api_->widths(model_, &widths);
  for (std::size_t i = 0; i < count; ++i)
    if (name == widths[i].name) return widths[i].bits;
  throw Bug(fmt::format("the model has no width '{}'", name));
}

std::vector<Probe> RtlModel::probes(std::string_view kind) const {
  const LacunaProbe* probes = nullptr;
  const std::size_t count = api_->probes(model_, &probes);
  std::vector<Probe> result;
  for (std::size_t i = 0; i < count; ++i)
    if (kind == probes[i].kind) result.emplace_back(probes[i]);
  return result;
}

void RtlModel::reset() {
  Port reset = port("rst_ni", 1);
  reset.put(0, 1);
  settle();
  reset.put(0, 0);
  for (int i = 0; i < 2; ++i) {
    settle();
    edge();
  }
  settle();
  reset.put(0, 1);
}

void RtlModel::check(std::uint64_t cycle) const {
  if (const char* const error = api_->error(model_)) throw RtlFailure(fmt::format("cycle {}: {}", cycle, error));
}

}  // namespace lacuna
