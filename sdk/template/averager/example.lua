-- The loss of the weights as they stand, and of their averages.
local basin = require "basin"

local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
local data = basin.dataset "shapes" { count = 500, size = 8 }
basin.run { name = "example", seed = 0, device = "cpu", precision = "fp32" }:train {
  model = model, data = data, process = basin.process "vp" { schedule = "cosine", steps = 1000 }, steps = 60, batch = 16,
  optimizer = basin.optimizer "adam" { lr = 2e-3 },
  averages = { fast = basin.averager "my_averager" { decay = 0.8 }, slow = basin.averager "my_averager" { decay = 0.98 } },
}
local metric, rows = basin.metric "lpf" { sigma = 0, draws = 1, images = 256 }, {}
for name, weights in pairs { raw = model, fast = model:averaged "fast", slow = model:averaged "slow" } do
  rows[#rows + 1] = { name, metric:measure(weights, data).loss }
end
print(basin.table { columns = { "weights", "loss" }, rows = rows })
