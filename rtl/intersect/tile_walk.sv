// Where a PE is in its tile: which of the tile's two operand streams it has seen to the end, and
// whether its sum has stopped. A stopped PE discards what is left of the tile, one entry a cycle
// and operand.
//
// `in_tile` tells a feeder that what it is sending now belongs to the tile the PE has stopped in:
// the stream is not seen to its end, and no end waits in the FIFO. So no tags of tiles need to be
// stored or compared.
module tile_walk (
  input  logic clk_i,
  input  logic rst_ni,
  // Match stage.
  input  logic issue_i,               // a group is issued
  input  logic pair_ends_i,           // ... the last of its chunk pair
  input  logic last_i,                // ... of the tile's last step
  input  logic stop_i,                // the MAC stage stops the sum
  output logic between_tiles_o,       // both streams have ended
  output logic discard_o,             // stopped, and a stream has not ended
  output logic stopped_o,
  // Heads of the chunk FIFOs.
  input  logic weight_valid_i,
  input  logic weight_last_i,
  output logic weight_pop_o,
  input  logic activation_valid_i,
  input  logic activation_last_i,
  output logic activation_pop_o,
  // To the feeders.
  input  logic weight_last_held_i,
  input  logic activation_last_held_i,
  output logic weight_stopped_o,      // stopped in the tile the weight feeder is in
  output logic activation_stopped_o   // stopped in the tile the activation feeder is in
);

  logic stopped_q, stopped_d;
  logic weight_ended_q, weight_ended_d;
  logic activation_ended_q, activation_ended_d;

  assign between_tiles_o = weight_ended_q && activation_ended_q;
  assign discard_o = stopped_q && !between_tiles_o;
  assign stopped_o = stopped_q;
  assign weight_stopped_o = stopped_q && !weight_ended_q && !weight_last_held_i;
  assign activation_stopped_o = stopped_q && !activation_ended_q && !activation_last_held_i;

  always_comb begin
    weight_pop_o = issue_i && pair_ends_i;
    activation_pop_o = issue_i && pair_ends_i;
    stopped_d = stopped_q;
    weight_ended_d = weight_ended_q;
    activation_ended_d = activation_ended_q;
    if (discard_o) begin
      weight_pop_o = weight_valid_i && !weight_ended_q;
      activation_pop_o = activation_valid_i && !activation_ended_q;
      weight_ended_d = weight_ended_q || (weight_valid_i && weight_last_i);
      activation_ended_d = activation_ended_q || (activation_valid_i && activation_last_i);
    end else if (issue_i) begin
      weight_ended_d = pair_ends_i && last_i;
      activation_ended_d = pair_ends_i && last_i;
      stopped_d = 1'b0;
    end
    if (stop_i) stopped_d = 1'b1;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      stopped_q <= 1'b0;
      weight_ended_q <= 1'b1;
      activation_ended_q <= 1'b1;
    end else begin
      stopped_q <= stopped_d;
      weight_ended_q <= weight_ended_d;
      activation_ended_q <= activation_ended_d;
    end
  end

endmodule
