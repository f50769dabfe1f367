// Words of the configuration as numbers, in the order in which sim/machine/config.h lists them;
// flags of a message.
package lacuna_pkg;

  typedef enum logic [31:0] {
    SkipNone,
    SkipGate,
    SkipActivations,
    SkipWeights,
    SkipBoth
  } skip_e;

  typedef enum logic [31:0] {
    OperandInt8,
    OperandInt16
  } operand_e;

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

  // What a message is in its tile, and (only in operand buffers) in its block.
  typedef struct packed {
    logic block_last;  // of the last step of its block
    logic tail;        // over the last chunk of the reduction, which may be shorter
    logic check_end;   // after the last group the sum can only fall
    logic check_each;  // after each group the sum can only fall
    logic last;        // of the tile
    logic first;       // of the tile
  } message_flags_t;

  localparam int unsigned MessageFlagsBits = 6;

  // Bits of an index into `n` entries, at least one: width_of(1) = 1, width_of(5) = 3, width_of(8)
  // = 3.
  function automatic int unsigned width_of(int unsigned n);
    width_of = n > 1 ? $clog2(n) : 1;
  endfunction

  // ceil_div(7, 3) = 3.
  function automatic int unsigned ceil_div(int unsigned a, int unsigned b);
    ceil_div = (a + b - 1) / b;
  endfunction

  // Words of half an operand buffer.
  function automatic int unsigned half_words(int unsigned buffer_bytes, int unsigned bus_bytes);
    half_words = buffer_bytes / 2 / bus_bytes;
  endfunction

  // Words of the largest message: both masks and the bias (weights only, bias_bits > 0), every
  // value.
  function automatic int unsigned message_words(int unsigned chunk, int unsigned bits,
                                                int unsigned bias_bits, int unsigned encoding,
                                                int unsigned bus_bytes);
    message_words = (encoding == lacuna_pkg::EncodingBitmask ? chunk : 0) +
        (bias_bits > 0 ? chunk + bias_bits : 0) + chunk * bits;
    message_words = (message_words + 8 * bus_bytes - 1) / (8 * bus_bytes);
  endfunction

endpackage
