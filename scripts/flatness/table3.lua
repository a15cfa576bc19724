-- Table 3 (and Table 1 of the supplement): LPF of all methods and averages, with the base loss that it contains and
-- without, on held-out and on training images.
local basin = require "basin"
local study, paper = require "study", require "paper"

local printed, rows = paper.table3[basin.args.dataset], {}
for _, row in ipairs(study.rows) do
  local lpf, loss, rise, on_training, rise_on_training = study.over_seeds(function(seed)
    local model = study.weights(row, seed)
    local test, train = study.lpf(model), study.lpf(model, study.train_images)
    return test.lpf, test.loss, test.lpf_minus_loss, train.lpf, train.lpf_minus_loss
  end)
  rows[#rows + 1] = {
    row[3], lpf, study.printed(printed[row[3]], "%.3f"), loss, rise, on_training, rise_on_training,
  }
end
print(basin.table {
  columns = { "", "LPF", "paper", "loss", "LPF - loss", "LPF, training images", "LPF - loss, training" }, rows = rows,
})
print(("sigma %g, %d draws of the weights' noise, all parameters, the same images, levels and noise for every row; the paper "
  .. "gives neither sigma nor draws."):format(basin.args.sigma, basin.args.draws))

-- By noise level: where SAM is flatter.
local levels, flat = nil, {}
for _, i in ipairs { 1, 4, 7 } do
  flat[#flat + 1], levels = study.mean_curve(study.rows[i], study.lpf_metric, "lpf_minus_loss")
end
rows = {}
for i, t in ipairs(levels) do
  local function at(k) return flat[k][i]:item() end
  rows[i] = { t, at(1), at(2), at(3), at(3) / at(1) }
end
print(basin.table { columns = { "LPF - loss at level t of 1000", "ADM", "+IP", "+SAM", "+SAM / ADM" }, rows = rows })
study.footer()
