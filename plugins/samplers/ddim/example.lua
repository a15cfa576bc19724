-- From no noise in each step to DDPM's.
local basin = require "basin"

local model = basin.model "adm_unet" { image = 16, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = { 8 } }
local run = basin.run { name = "example-ddim", seed = 0, device = "cpu", precision = "fp32" }
run:train {
  model = model, data = basin.dataset "shapes" { count = 1000, size = 16 },
  process = basin.process "vp" { schedule = "cosine", steps = 1000 }, steps = 100, batch = 32,
  optimizer = basin.optimizer "adam" { lr = 2e-3 }, averages = { ema = basin.averager "ema" { decay = 0.95 } },
}
for _, eta in ipairs { 0, 0.5, 1 } do
  local images = run:sample { model = model:averaged "ema", sampler = basin.sampler("ddim", { steps = 20, eta = eta }), count = 16 }
  images:grid("example-ddim-" .. eta .. ".png")
end
