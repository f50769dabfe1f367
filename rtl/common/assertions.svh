// Assertions at ports, for simulation: they look at a module's signals at each rising edge of its
// clk_i, out of reset.
`ifndef LACUNA_ASSERTIONS_SVH
`define LACUNA_ASSERTIONS_SVH

`ifdef SYNTHESIS
`define LACUNA_ASSERT(Name, If, Then)
`define LACUNA_ASSERT_STABLE(Name, Valid, Ready, Data)
`define LACUNA_ASSERT_HOLDS(Name, If, Data)
`else
// Whenever `If` holds, `Then` holds.
`define LACUNA_ASSERT(Name, If, Then) \
  always @(posedge clk_i) begin \
    if (rst_ni && (If)) begin \
      Name : assert (Then) else $error("%s: %s", `"Name`", `"Then`"); \
    end \
  end
// A sender keeps what it offers until it is taken.
`define LACUNA_ASSERT_STABLE(Name, Valid, Ready, Data) \
  Name : assert property (@(posedge clk_i) disable iff (!rst_ni) \
      (Valid) && !(Ready) |=> (Valid) && $stable(Data)) \
  else $error("%s", `"Name`");
// In a cycle in which `If` holds, registers keep what they have.
`define LACUNA_ASSERT_HOLDS(Name, If, Data) \
  Name : assert property (@(posedge clk_i) disable iff (!rst_ni) (If) |=> $stable(Data)) \
  else $error("%s", `"Name`");
`endif

`endif
