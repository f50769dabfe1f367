// What the modules of the fabric agree on: what it has to know of a message, sizes of operand
// buffers.
package fabric_pkg;

  // The lowest flags of a message in an operand buffer; those of the family stand above.
  typedef struct packed {
    logic block_last;  // of the last step of its block
    logic last;        // of the last step of its tile
  } step_flags_t;

  localparam int unsigned StepFlagsBits = 2;

  // Words of half an operand buffer.
  function automatic int unsigned half_words(int unsigned buffer_bytes, int unsigned bus_bytes);
    half_words = buffer_bytes / 2 / bus_bytes;
  endfunction

endpackage
