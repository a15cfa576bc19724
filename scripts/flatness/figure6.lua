-- Figure 6 (and the left of the supplement's Figures 1 and 2): the norm of the predicted noise at every step of sampling,
-- and on noised images. Writes figure6.png.
local basin = require "basin"
local study = require "study"

local bias = basin.metric "exposure_bias" { sampler = basin.sampler "ddpm" { steps = 100 }, images = 128 }
local norms, names, rows, levels = {}, {}, {}, nil
local training
for _, row in ipairs(study.rows) do
  local sampling, values = 0, {}
  for name in pairs { gap_last_step = 1, squared_gap_last_step = 1, gap_mean = 1 } do
    values[name] = study.over_seeds(function(seed) return bias:measure(study.weights(row, seed), study.test_images)[name] end)
  end
  for _, seed in ipairs(study.seeds) do
    for _, curve in ipairs(bias:measure(study.weights(row, seed), study.test_images).curves) do
      if curve.name == "sampling norm" then sampling, levels = sampling + basin.tensor(curve.y) / #study.seeds, curve.x end
      if curve.name == "training norm" and row[3] == "ADM" then training = (training or 0) + basin.tensor(curve.y) / #study.seeds end
    end
  end
  norms[#norms + 1], names[#names + 1] = sampling, row[3]
  rows[#rows + 1] = { row[3], values.gap_last_step, values.squared_gap_last_step, values.gap_mean }
end
norms[#norms + 1], names[#names + 1] = training, "training (ADM)"
print(basin.table { columns = { "", "|eps| gap, last step", "|eps|^2 gap, last step", "|eps| gap, mean of steps" }, rows = rows })
print("picture: " .. basin.stack(norms):plot {
  path = "figure6.png", x = levels, names = names, title = "L2 norm of the predicted noise, 100 steps", x_label = "t",
  y_label = "norm",
})
study.footer()
