// What the probes of the gather machine report. report.h has the same in C++: there the members
// stand in the opposite order, for the last one here is lowest.
package gather_report_pkg;

  typedef struct packed {
    logic retire;         // the complete sums move to the result registers
    logic no_activation;  // no segment, no input tile
    logic no_weight;      // no group, no filter
    logic between_tiles;  // nothing of the next tile is issued
    logic waits;          // it could begin, and others that begin with it could not
    logic blocked;        // operands are here, complete sums cannot leave
    logic pop;            // the last cycle of a group or filter
    logic open;           // the first cycle of a segment or filter
    logic issue;          // something is issued, if only a bubble
    logic group;          // what was issued in the cycle before is in the MAC stage
  } pe_flags_t;

  // A PE in one cycle. Sums are sign-extended.
  typedef struct packed {
    logic [31:0] predicted;     // lanes that stop there as predicted, a bit each
    logic [31:0] entries;       // in the MAC stage
    logic [31:0] unmultiplied;  // pairs there whose multipliers are gated
    logic [31:0] wasted;        // products there with a zero
    logic [31:0] executed;      // products there without one
    logic [31:0] flags;         // pe_flags_t
    logic [63:0] retired;       // the first of the sums that move
    logic [63:0] sum;           // of window or lane 0, with what is in the MAC stage
  } pe_report_t;

  // Lanes that go together, in one cycle.
  typedef struct packed {
    logic [31:0] left;   // entries of the filter behind the one in the MAC stage
    logic [31:0] group;  // window group
    logic [31:0] stops;  // lanes that stop in the MAC stage, a bit each
  } sequencer_report_t;

endpackage
