// What the probes of the fabric report. report.h has the same in C++: there the members stand in
// the opposite order, for the last one here is lowest.
package fabric_report_pkg;

  // A feeder in one cycle.
  typedef struct packed {
    logic [255:0] group;     // the PEs it sends to
    logic [31:0]  bytes;     // of the message, 0 of an end token
    logic [31:0]  complete;  // a message or an end token arrives
    logic [31:0]  activity;  // 0 no tile, 1 sending, 2 waiting for room, 3 waiting for its block
  } feeder_report_t;

endpackage
