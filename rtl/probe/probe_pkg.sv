// The functions by which probes report to the simulator. A probe registers by its path once and
// reports with its number.
package probe_pkg;

  import "DPI-C" function int lacuna_probe_pe(input string path);
  import "DPI-C" function int lacuna_probe_feeder(input string path);
  import "DPI-C" function int lacuna_probe_drain(input string path);

  // Widths of the array's ports, by name.
  import "DPI-C" function void lacuna_probe_width(
    input string name,
    input int unsigned bits
  );

  // What a PE does in this cycle. Flags of pe_flags_t; slots of the pair that is opened; slots left
  // of the pair after this cycle; products of the group in the MAC stage, its gated or killed
  // slots; the sum with that group; the complete sum.
  import "DPI-C" function void lacuna_probe_pe_cycle(
    input int id,
    input int unsigned flags,
    input int unsigned slots,
    input int unsigned left,
    input int unsigned executed,
    input int unsigned wasted,
    input int unsigned unmultiplied,
    input longint sum,
    input longint retired
  );

  typedef struct packed {
    logic retire;           // the complete sum moves to the result register
    logic stop;             // the sum stops here
    logic no_activation;    // activation FIFO empty
    logic no_weight;        // weight FIFO empty
    logic discard;          // stopped, and the tile's streams have not ended
    logic between_tiles;    // the tile's streams have ended
    logic stopped;
    logic blocked;          // operands are here, a complete sum cannot leave
    logic open;             // the group is the first of its pair
    logic issue;            // the match stage issues a group
    logic killed;           // the group in the MAC stage is killed
    logic multiplied;       // there is a group in the MAC stage
  } pe_flags_t;

  // What a feeder does in this cycle. Activity: 0 no tile, 1 sending, 2 waiting for room, 3 waiting
  // for its block. With `complete` a message (bytes > 0) or an end token (bytes = 0) arrives at the
  // PEs of the group.
  import "DPI-C" function void lacuna_probe_feeder_cycle(
    input int id,
    input int unsigned activity,
    input int unsigned complete,
    input int unsigned bytes,
    input bit [255:0] group
  );

  // A drain bus takes the result of a row.
  import "DPI-C" function void lacuna_probe_drain_cycle(
    input int id,
    input int unsigned row
  );

endpackage
