-- What bits cost: size, error of the weights, loss.
local basin = require "basin"

local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = {} }
local data = basin.dataset "shapes" { count = 512, size = 8 }
local run = basin.run { name = "example-uniform-quantizer", seed = 0, device = "cpu", precision = "fp32" }
run:train {
  model = model, data = data, process = basin.process "vp" { schedule = "cosine", steps = 1000 }, steps = 100, batch = 32,
  optimizer = basin.optimizer "adam" { lr = 2e-3 },
}
local metric = basin.metric "lpf" { sigma = 0, draws = 1, images = 256 }
local rows = { { "raw", 32, 0, metric:measure(model, data).loss } }
for _, bits in ipairs { 8, 6, 4, 3, 2 } do
  local small, report = run:quantize { model = model, quantizer = basin.quantizer("uniform", { bits = bits }) }
  rows[#rows + 1] = { small.label, report.bits_per_weight, report.relative_error, metric:measure(small, data).loss }
end
print(basin.table { columns = { "weights", "bits a weight", "relative error", "loss" }, rows = rows })
