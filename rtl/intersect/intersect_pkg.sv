// What the modules of the intersect machine agree on: words of its section as numbers, in the order
// in which sim/datapaths/intersect/config.h lists them; the table of skip rules; flags of a
// message; words of a message.
package intersect_pkg;

  typedef enum logic [31:0] {
    SkipNone,
    SkipGate,
    SkipActivations,
    SkipWeights,
    SkipBoth
  } skip_e;

  typedef enum logic [31:0] {
    EncodingDense,
    EncodingBitmask
  } encoding_e;

  typedef enum logic [31:0] {
    MappingFiltersWindows,
    MappingFilters
  } mapping_e;

  typedef enum logic [31:0] {
    EarlyTerminationNone,
    EarlyTerminationExact
  } early_termination_e;

  // Which positions of a chunk pair cost a slot, and which slots are multiplied.
  typedef struct packed {
    logic known;
    logic needs_weight;      // a position costs a slot only if its weight is nonzero
    logic needs_activation;  // ... only if its activation is nonzero
    logic gates;             // a slot with a zero is gated, else it is multiplied
  } skip_rule_t;

  // The table of skip rules, one line each, as sim/datapaths/intersect/skip_rules.def has it:
  // skip_rule_t, bit by bit.
  function automatic logic [3:0] skip_rule(int unsigned skip);
    case (skip)
      intersect_pkg::SkipNone:        skip_rule = 4'b1_0_0_0;
      intersect_pkg::SkipGate:        skip_rule = 4'b1_0_0_1;
      intersect_pkg::SkipActivations: skip_rule = 4'b1_0_1_0;
      intersect_pkg::SkipWeights:     skip_rule = 4'b1_1_0_0;
      intersect_pkg::SkipBoth:        skip_rule = 4'b1_1_1_0;
      default:                        skip_rule = 4'b0_0_0_0;
    endcase
  endfunction

  // What a message is, beside what the fabric knows of it.
  typedef struct packed {
    logic tail;        // over the last chunk of the reduction, which may be shorter
    logic check_end;   // after the last group the sum can only fall
    logic check_each;  // after each group the sum can only fall
    logic first;       // of the tile
  } message_flags_t;

  localparam int unsigned MessageFlagsBits = 4;

  // Words of the largest message: both masks and the bias (weights only, bias_bits > 0), every
  // value.
  function automatic int unsigned message_words(int unsigned chunk, int unsigned bits,
                                                int unsigned bias_bits, int unsigned encoding,
                                                int unsigned bus_bytes);
    message_words = (encoding == intersect_pkg::EncodingBitmask ? chunk : 0) +
        (bias_bits > 0 ? chunk + bias_bits : 0) + chunk * bits;
    message_words = (message_words + 8 * bus_bytes - 1) / (8 * bus_bytes);
  endfunction

endpackage
