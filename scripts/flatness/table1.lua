-- Table 1: what 8 bits cost in FID, the gap of the predicted noise's norm, and LPF, of Adam and of SAM.
local basin = require "basin"
local study, paper = require "study", require "paper"

local bias = basin.metric "exposure_bias" { sampler = basin.sampler "ddpm" { steps = 20 } }
local rows = {}
for _, row in ipairs { study.rows[1], study.rows[7] } do
  local label, printed = row[3], paper.table1[row[3]]
  local function measured(get)
    return study.over_seeds(function(seed) return get(study.weights(row, seed)) end)
  end
  rows[#rows + 1] = {
    label,
    measured(function(model, run) return study.fid(model, run, 20).value end), printed.fid,
    measured(function(model, run)
      return study.fid(study.quantized(model, run, 8), run, 20).value - study.fid(model, run, 20).value
    end), ("%+.2f"):format(printed.eight_bits - printed.fid),
    measured(function(model) return bias:measure(model, study.test_images).gap_last_step end),
    measured(function(model) return bias:measure(model, study.test_images).squared_gap_last_step end), ("%+.2f"):format(printed.gap),
    measured(function(model) return study.lpf(model).value end), printed.lpf,
  }
end
print(basin.table {
  columns = { "", "FID, 20 steps", "paper", "8 bits", "paper", "|eps| gap", "|eps|^2 gap", "paper", "LPF", "paper" },
  rows = rows,
})
print "The gap is at the last of 20 steps; the paper does not say at which step its own is, nor whether it is of squares."
study.footer()
