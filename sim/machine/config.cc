// The list of the parameters that every machine has, and where the family's own ones come in.
#include "machine/config.h"

#include "machine/family.h"

namespace lacuna {

Machine::Machine(Datapath datapath) : datapath_(datapath), section_(family(datapath).section()) {}

Machine::Machine(const Machine& other)
    : name(other.name),
      clock_mhz(other.clock_mhz),
      energy(other.energy),
      array(other.array),
      post(other.post),
      global_buffer(other.global_buffer),
      dram(other.dram),
      storage(other.storage),
      datapath_(other.datapath_),
      section_(other.section_->copy()) {}

Machine& Machine::operator=(const Machine& other) { return *this = Machine(other); }

namespace {

/// `array` with the name of the family in front.
struct ArraySection {
  Datapath datapath;
  ArrayConfig& array;
};

void fields(FieldVisitor& v, ArraySection& c) {
  const std::vector<std::string_view> words = datapath_words();
  auto index = static_cast<std::size_t>(c.datapath);
  v.choice({"datapath", "", "The family of the machine: who drives the operand streams."}, index, words);
  LACUNA_CHECK(index == static_cast<std::size_t>(c.datapath), "a machine keeps its family");
  v.integer({"rows", "PEs", "PEs in a column."}, c.array.rows, 1, 256);
  v.integer({"columns", "PEs", "PEs in a row."}, c.array.columns, 1, 256);
  v.choice({"operand", "", "Width of operands; accumulators are 32 bits (int8) or 48 bits (int16)."}, c.array.operand);
}

void fields(FieldVisitor& v, PostConfig& c) {
  v.integer({"threshold", "output steps", "Outputs nearer to zero than this become zero; 0 turns it off."}, c.threshold,
            0, 32767);
}

void fields(FieldVisitor& v, GlobalBufferConfig& c) {
  v.integer({"bytes", "bytes", "Capacity of all banks together."}, c.bytes, 1024, 1u << 30);
  v.integer({"banks", "banks", "Banks that work in parallel; words are interleaved over them."}, c.banks, 1, 256);
  v.integer({"bytes_per_cycle", "bytes/cycle", "Port width of one bank."}, c.bytes_per_cycle, 1, 256);
}

void fields(FieldVisitor& v, DramConfig& c) {
  v.integer({"bytes_per_cycle", "bytes/cycle", "Bandwidth of the DRAM channel, in a cycle of its clock."},
            c.bytes_per_cycle, 1, 4096);
  v.integer({"latency", "cycles", "Before the first command of a fetch: controller, network."}, c.latency, 0, 100000);
  v.integer({"burst_bytes", "bytes", "Smallest transfer; every request is rounded up to it."}, c.burst_bytes, 1, 4096);
  v.integer({"outstanding", "transfers", "Transfers that may be under way at once; latencies overlap, bytes do not."},
            c.outstanding, 1, 64);
  v.integer({"turnaround", "DRAM cycles", "Between a read and a write on the bus, and back."}, c.turnaround, 0, 1000);
  v.integer({"clock_mhz", "MHz", "Clock of the channel; 0: the array's."}, c.clock_mhz, 0, 100000);
  v.integer({"banks", "banks", "Each has one open row; neighbouring rows lie in neighbouring banks."}, c.banks, 1,
            1024);
  v.integer({"row_bytes", "bytes", "Of a row of a bank."}, c.row_bytes, 64, 65536);
  v.integer({"t_rcd", "DRAM cycles", "From opening a row to its first column."}, c.t_rcd, 0, 1000);
  v.integer({"t_rp", "DRAM cycles", "To close a row."}, c.t_rp, 0, 1000);
  v.integer({"t_cas", "DRAM cycles", "From a column's command to its bytes."}, c.t_cas, 0, 1000);
}

void fields(FieldVisitor& v, StorageConfig& c) {
  v.choice({"weights", "", "Format of weights in DRAM."}, c.weights);
  v.choice({"activations", "", "Format of inputs and outputs in DRAM."}, c.activations);
  v.integer({"run_bits", "bits", "rlc: bits of a zero run."}, c.run_bits, 1, 16);
  v.integer({"index_bits", "bits", "csc: bits of a relative index."}, c.index_bits, 1, 16);
  v.integer({"pointer_bits", "bits", "csc: bits of the pointer of one vector."}, c.pointer_bits, 8, 64);
}

template <typename Section>
std::function<void(FieldVisitor&)> walk(Section& section) {
  return [&section](FieldVisitor& v) { fields(v, section); };
}

}  // namespace

void fields(FieldVisitor& v, Machine& c) {
  v.text({"name", "", "Name of the machine in reports."}, c.name);
  v.integer({"clock_mhz", "MHz", "Clock, for times and throughput."}, c.clock_mhz, 1, 10000);
  v.text({"energy", "", "Energy table, relative to this file or to configs/ of the program."}, c.energy);
  ArraySection array{c.datapath(), c.array};
  v.section({"array", "", "The PE array: what every machine has."}, walk(array));
  const Family& own = family(c.datapath());
  const std::string sentence = fmt::format("Datapath {}: {}.", own.name(), own.sentence());
  v.section({own.name(), "", sentence}, [&c](FieldVisitor& inner) { c.section().visit(inner); });
  v.section({"post", "", "Post unit: requantise, ReLU, threshold, encode."}, walk(c.post));
  v.section({"global_buffer", "", "On-chip buffer between DRAM and feeders."}, walk(c.global_buffer));
  v.section({"dram", "", "The DRAM channel; or the name of one, `lacuna list dram`."}, walk(c.dram));
  v.section({"storage", "", "Formats in which tensors are stored and counted."}, walk(c.storage));
}

}  // namespace lacuna
