#include "machine/engine.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "machine/family.h"

namespace lacuna {

SampledOutcome Engine::sample(const Machine&, const Layer&, const SampleOptions&, Progress*) {
  throw Bug("this engine does not sample");
}

LayerOutcome Engine::time(const Machine& machine, const Layer& layer, Progress* progress) {
  LayerOutcome outcome = run(machine, layer, progress);
  outcome.output = Tensor();
  return outcome;
}

namespace {

/// Every machine by itself.
class PlainTimer : public LayerTimer {
 public:
  PlainTimer(Engine& engine, const Layer& layer) : engine_(engine), layer_(layer) {}
  LayerOutcome time(const Machine& machine, Progress* progress) override {
    return engine_.time(machine, layer_, progress);
  }

 private:
  Engine& engine_;
  const Layer& layer_;
};

}  // namespace

std::unique_ptr<LayerTimer> Engine::timer(const Machine&, const Layer& layer) {
  return std::make_unique<PlainTimer>(*this, layer);
}

void Engine::write_waves(const Machine&, const Layer&, const std::filesystem::path&, std::uint64_t, std::uint64_t) {
  throw Bug("this engine has no signals");
}

namespace {

/// One engine of each family that was asked for, made when first needed.
class EngineOfAnyFamily : public Engine {
 public:
  EngineOfAnyFamily(EngineKind kind, EngineOptions options) : kind_(kind), options_(std::move(options)) {}

  LayerOutcome run(const Machine& machine, const Layer& layer, Progress* progress) override {
    return of(machine).run(machine, layer, progress);
  }
  LayerOutcome time(const Machine& machine, const Layer& layer, Progress* progress) override {
    return of(machine).time(machine, layer, progress);
  }
  std::unique_ptr<LayerTimer> timer(const Machine& machine, const Layer& layer) override {
    return of(machine).timer(machine, layer);
  }
  [[nodiscard]] bool samples(const Machine& machine) const override { return of(machine).samples(machine); }
  SampledOutcome sample(const Machine& machine, const Layer& layer, const SampleOptions& options,
                        Progress* progress) override {
    return of(machine).sample(machine, layer, options, progress);
  }
  void use_threads(unsigned threads) override {
    const std::lock_guard lock(mutex_);
    threads_ = threads;
    for (auto& [datapath, engine] : engines_) engine->use_threads(threads);
  }
  [[nodiscard]] bool runs_layers_at_once() const override { return kind_ == EngineKind::Fast; }
  LayerOutcome observe(const Machine& machine, const Layer& layer, RecordSink& sink, Progress* progress) override {
    return of(machine).observe(machine, layer, sink, progress);
  }
  void write_waves(const Machine& machine, const Layer& layer, const std::filesystem::path& file, std::uint64_t first,
                   std::uint64_t last) override {
    of(machine).write_waves(machine, layer, file, first, last);
  }

 private:
  Engine& of(const Machine& machine) const {
    const std::lock_guard lock(mutex_);
    auto& engine = engines_[machine.datapath()];
    if (!engine) {
      const Family& own = family(machine);
      if (std::ranges::find(own.engines(), kind_) == own.engines().end())
        fail(Place{"array.datapath"}, "datapath {} has no engine {}", own.name(), name_of(kind_));
      engine = own.engine(kind_, options_);
      engine->use_threads(threads_);
    }
    return *engine;
  }

  EngineKind kind_;
  EngineOptions options_;
  unsigned threads_ = 1;
  mutable std::mutex mutex_;
  mutable std::map<Datapath, std::unique_ptr<Engine>> engines_;
};

}  // namespace

std::unique_ptr<Engine> make_engine(EngineKind kind, const EngineOptions& options) {
  return std::make_unique<EngineOfAnyFamily>(kind, options);
}

}  // namespace lacuna
