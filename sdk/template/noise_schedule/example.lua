-- Levels drawn evenly, and from my_noise_schedule: the loss at levels of all kinds, by one measurement for both.
local basin = require "basin"

local data = basin.dataset "shapes" { count = 500, size = 8 }
local metric, rows = basin.metric "lpf" { sigma = 0, draws = 1, images = 256 }, {}
for _, name in ipairs { "uniform", "my_noise_schedule" } do
  local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
  basin.run { name = "example", seed = 0, device = "cpu", precision = "fp32" }:train {
    model = model, data = data, process = basin.process "vp" { schedule = "cosine", steps = 1000 }, steps = 60, batch = 16,
    optimizer = basin.optimizer "adam" { lr = 2e-3 }, noise_schedule = basin.noise_schedule(name, {}),
  }
  rows[#rows + 1] = { name, metric:measure(model, data).loss }
end
print(basin.table { columns = { "levels", "loss" }, rows = rows })
