-- One training, averages of five lengths afterwards: which one serves best is found without training again.
local basin = require "basin"

local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = {} }
local data = basin.dataset "gaussian" { size = 8 }
basin.run { name = "example-post-hoc-ema", seed = 0, device = "cpu", precision = "fp32" }:train {
  model = model, data = data, process = basin.process "vp" { schedule = "cosine", steps = 1000 }, steps = 200, batch = 32,
  optimizer = basin.optimizer "adam" { lr = 2e-3 },
  averages = { pema = basin.averager "post_hoc_ema" { every = 10 } },
}
local metric = basin.metric "lpf" { sigma = 0, draws = 1, images = 256 }
print("raw", metric:measure(model, data).loss)
for _, sigma_rel in ipairs { 0.045, 0.05, 0.075, 0.1, 0.15 } do
  print(sigma_rel, metric:measure(model:averaged("pema", { sigma_rel = sigma_rel }), data).loss)
end
