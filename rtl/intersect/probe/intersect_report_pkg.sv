// What the probes of the intersect machine report. report.h has the same in C++: there the members
// stand in the opposite order, for the last one here is lowest.
package intersect_report_pkg;

  typedef struct packed {
    logic retire;          // the complete sum moves to the result register
    logic stop;            // the sum stops here
    logic no_activation;   // activation FIFO empty
    logic no_weight;       // weight FIFO empty
    logic discard;         // stopped, and the tile's streams have not ended
    logic between_tiles;   // the tile's streams have ended
    logic stopped;
    logic blocked;         // operands are here, a complete sum cannot leave
    logic open;            // the group is the first of its pair
    logic issue;           // the match stage issues a group
    logic killed;          // the group in the MAC stage is killed
    logic multiplied;      // there is a group in the MAC stage
  } pe_flags_t;

  // A PE in one cycle. Units: positions; sums are sign-extended.
  typedef struct packed {
    logic [63:0] retired;       // the complete sum that moves to the result register
    logic [63:0] sum;           // with the group in the MAC stage
    logic [31:0] unmultiplied;  // slots of that group: gated, or all of them if it is killed
    logic [31:0] wasted;        // products of that group with a zero
    logic [31:0] executed;      // products of that group without one
    logic [31:0] left;          // slots of the pair at the FIFO heads after the cycle
    logic [31:0] slots;         // slots of that pair
    logic [31:0] flags;         // pe_flags_t
  } pe_report_t;

endpackage
