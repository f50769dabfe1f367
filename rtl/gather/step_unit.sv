// Which PEs may begin a segment, or a filter with an input tile: those of a set, a row, a column or
// the array, in the same cycle, the first in which all could that the tile maps. Without steps a PE
// begins when it can.
//
//   cycle          c      c+1    c+2
//   could begin    PE 0   PE 0
//                         PE 1
//   go                    0, 1
//   issue                 0, 1   both go on alone
//
// A tile maps the first rows and columns, so the first PE of a set has part in all its tiles. Who
// has part in its tile has begun all that the first PE has begun and nothing else: if both could
// begin, then the same segment. What another PE could begin is of a later tile, and it waits. So
// nothing need be known of tiles but the PEs to which the messages at the heads of the first PE
// were sent: a mask in a FIFO for each segment that this PE holds and has not begun, never more
// than messages.
`include "assertions.svh"

module step_unit #(
  parameter int unsigned Step        = gather_pkg::StepNone,
  parameter int unsigned Rows        = 2,
  parameter int unsigned Columns     = 2,
  parameter int unsigned RowDepth    = 4,  // messages of a row that a PE holds
  parameter int unsigned ColumnDepth = 2
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,
  // From the feeders: a message is complete, whether it is the last of its segment, for which PEs.
  input  logic [Rows-1:0]         row_complete_i,
  input  logic [Rows-1:0]         row_segment_last_i,
  input  logic [Rows*Columns-1:0] row_group_i,
  input  logic [Columns-1:0]      column_complete_i,
  input  logic [Columns*Rows-1:0] column_group_i,
  // PEs, row by row.
  input  logic [Rows*Columns-1:0] could_begin_i,
  output logic [Rows*Columns-1:0] go_o
);

  // Only the first row or column of a set is asked, and nobody without sets.
  logic unused_lines;
  assign unused_lines = ^{
    clk_i,
    rst_ni,
    row_complete_i,
    row_segment_last_i,
    row_group_i,
    column_complete_i,
    column_group_i,
    could_begin_i
  };

  if (Step == gather_pkg::StepNone) begin : gen_none
    assign go_o = '1;
  end else if (Step == gather_pkg::StepRow || Step == gather_pkg::StepColumn ||
               Step == gather_pkg::StepArray) begin : gen_together
    localparam int unsigned SetRows = Step == gather_pkg::StepRow ? 1 : Rows;
    localparam int unsigned SetColumns = Step == gather_pkg::StepColumn ? 1 : Columns;

    for (genvar row = 0; row < Rows; row = row + SetRows) begin : gen_row
      for (genvar column = 0; column < Columns; column = column + SetColumns) begin : gen_column
        logic [SetRows-1:0] rows;
        logic [SetColumns-1:0] columns;
        logic [SetRows*SetColumns-1:0] mapped, could_begin;
        logic begin_all;

        assign begin_all = could_begin[0] && (mapped & ~could_begin) == '0;

        for (genvar r = 0; r < SetRows; r++) begin : gen_set_row
          for (genvar c = 0; c < SetColumns; c++) begin : gen_pe
            localparam int unsigned Pe = (row + r) * Columns + column + c;
            assign mapped[r*SetColumns+c] = rows[r] && columns[c];
            assign could_begin[r*SetColumns+c] = could_begin_i[Pe];
            assign go_o[Pe] = begin_all && mapped[r*SetColumns+c];
          end
        end

        // Columns of the tile, by the first row; rows, by the first column.
        if (SetColumns == 1) begin : gen_one_column
          assign columns = 1'b1;
        end else begin : gen_columns
          logic first_q, first_d;  // the row's next message is the first of a segment
          assign first_d = row_complete_i[row] ? row_segment_last_i[row] : first_q;

          always_ff @(posedge clk_i or negedge rst_ni) begin
            if (!rst_ni) first_q <= 1'b1;
            else first_q <= first_d;
          end

          logic room, valid, unused_slots;
          logic [lacuna_pkg::width_of(RowDepth)-1:0] filled, head;
          assign unused_slots = ^{room, valid, filled, head};

          slot_fifo #(
            .Width(SetColumns),
            .Depth(RowDepth)
          ) u_masks (
            .clk_i,
            .rst_ni,
            .room_o     (room),
            .push_i     (row_complete_i[row] && first_q),
            .push_data_i(row_group_i[row*Columns+:Columns]),
            .push_slot_o(filled),
            .valid_o    (valid),
            .data_o     (columns),
            .slot_o     (head),
            .pop_i      (begin_all)
          );
        end

        if (SetRows == 1) begin : gen_one_row
          assign rows = 1'b1;
        end else begin : gen_rows
          logic room, valid, unused_slots;
          logic [lacuna_pkg::width_of(ColumnDepth)-1:0] filled, head;
          assign unused_slots = ^{room, valid, filled, head};

          slot_fifo #(
            .Width(SetRows),
            .Depth(ColumnDepth)
          ) u_masks (
            .clk_i,
            .rst_ni,
            .room_o     (room),
            .push_i     (column_complete_i[column]),
            .push_data_i(column_group_i[column*Rows+:Rows]),
            .push_slot_o(filled),
            .valid_o    (valid),
            .data_o     (rows),
            .slot_o     (head),
            .pop_i      (begin_all)
          );
        end

        `LACUNA_ASSERT(TheFirstTakesPart, begin_all, mapped[0])
      end
    end
  end else begin : gen_unknown
    $error("unknown step");
  end

endmodule
