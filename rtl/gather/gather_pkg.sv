// What the modules of the gather machine agree on: words of its section as numbers, in the order in
// which sim/datapaths/gather/config.h lists them; widths of entries, messages and their flags.
package gather_pkg;

  typedef enum logic [31:0] {
    DeliveryStream,
    DeliveryResident
  } delivery_e;

  typedef enum logic [31:0] {
    IndexCodeStep,
    IndexCodeOffset,
    IndexCodeAbsolute
  } index_code_e;

  typedef enum logic [31:0] {
    ReachCrossbar,
    ReachBank,
    ReachBlock
  } reach_e;

  typedef enum logic [31:0] {
    WeightOrderNatural,
    WeightOrderSign,
    WeightOrderPredictive
  } weight_order_e;

  typedef enum logic [31:0] {
    LaneStepTogether,
    LaneStepApart
  } lane_step_e;

  typedef enum logic [31:0] {
    StepNone,
    StepRow,
    StepColumn,
    StepArray
  } step_e;

  typedef enum logic [31:0] {
    ZerosMultiplied,
    ZerosGated
  } zeros_e;

  // Bits of the index of an entry.
  function automatic int unsigned index_bits(int unsigned code, int unsigned step_bits,
                                             int unsigned block, int unsigned segment);
    index_bits = code == gather_pkg::IndexCodeStep ? step_bits :
        code == gather_pkg::IndexCodeOffset ? $clog2(block) : $clog2(segment);
  endfunction

  // Entries that a row sends at once: a group, or a filter.
  function automatic int unsigned most_entries(int unsigned delivery, int unsigned lanes,
                                               int unsigned segment);
    most_entries = delivery == gather_pkg::DeliveryStream ? lanes : segment;
  endfunction

  // Results of a PE.
  function automatic int unsigned most_results(int unsigned delivery, int unsigned windows,
                                               int unsigned window_groups);
    most_results = delivery == gather_pkg::DeliveryStream ? windows : windows * window_groups;
  endfunction

  // Bits of the number of representatives, behind bias and threshold.
  localparam int unsigned RepresentativesBits = 16;

  // Bits in front of the entries: the bias, and what predictive filters have besides.
  function automatic int unsigned header_bits(int unsigned weight_order, int unsigned bias_bits);
    header_bits = weight_order == gather_pkg::WeightOrderPredictive ?
        2 * bias_bits + gather_pkg::RepresentativesBits : bias_bits;
  endfunction

  // Words of the largest message of a row: a header of so many bits and its entries. It has a byte
  // of entries at least.
  function automatic int unsigned row_words(int unsigned entries, int unsigned entry_bits,
                                            int unsigned header, int unsigned bus_bytes);
    row_words = lacuna_pkg::ceil_div(
        lacuna_pkg::ceil_div(entries * entry_bits, 8) + header / 8, bus_bytes);
  endfunction

  // Words of the largest message of a column: the positions of a segment for each window, or of an
  // input tile.
  function automatic int unsigned column_words(int unsigned delivery, int unsigned windows,
                                               int unsigned segment, int unsigned bits,
                                               int unsigned bus_bytes);
    column_words = lacuna_pkg::ceil_div(
        (delivery == gather_pkg::DeliveryStream ? windows * segment : segment) * bits / 8,
        bus_bytes);
  endfunction

endpackage
