-- What three values a channel cost, beside 4 bits: size, error of the weights, loss.
local basin = require "basin"

local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
local data = basin.dataset "shapes" { count = 500, size = 8 }
local run = basin.run { name = "example", seed = 0, device = "cpu", precision = "fp32" }
run:train {
  model = model, data = data, process = basin.process "vp" { schedule = "cosine", steps = 1000 }, steps = 60, batch = 16,
  optimizer = basin.optimizer "adam" { lr = 2e-3 },
}
local metric = basin.metric "lpf" { sigma = 0, draws = 1, images = 256 }
local rows = { { "as trained", 32, 0, metric:measure(model, data).loss } }
for name, options in pairs { my_quantizer = {}, uniform = { bits = 4 } } do
  local small, report = run:quantize { model = model, quantizer = basin.quantizer(name, options) }
  rows[#rows + 1] = { name, report.bits_per_weight, report.relative_error, metric:measure(small, data).loss }
end
print(basin.table { columns = { "weights", "bits a weight", "relative error", "loss" }, rows = rows })
