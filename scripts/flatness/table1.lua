-- Table 1: what 8 bits cost in FID, the gap of the predicted noise's norm, and LPF, of Adam and of SAM.
local basin = require "basin"
local study, paper = require "study", require "paper"

local bias = basin.metric "exposure_bias" { sampler = basin.sampler "ddpm" { steps = 20 } }
local rows = {}
for _, row in ipairs { study.rows[1], study.rows[7] } do
  local fid, cost, gap, squared_gap, lpf = study.over_seeds(function(seed)
    local model, run = study.weights(row, seed)
    local whole, found = study.fid(model, run, 20).value, bias:measure(model, study.test_images)
    return whole, study.fid(study.quantized(model, run, 8), run, 20).value - whole, found.gap_last_step,
      found.squared_gap_last_step, study.lpf(model).value
  end)
  local printed = paper.table1[row[3]]
  rows[#rows + 1] = {
    row[3], fid, printed.fid, cost, ("%+.2f"):format(printed.eight_bits - printed.fid),
    gap, squared_gap, ("%+.2f"):format(printed.gap), lpf, printed.lpf,
  }
end
print(basin.table {
  columns = { "", "FID, 20 steps", "paper", "8 bits", "paper", "|eps| gap", "|eps|^2 gap", "paper", "LPF", "paper" },
  rows = rows,
})
print "The gap is at the last of 20 steps; the paper does not say at which step its own is, nor whether it is of squares."
study.footer()
