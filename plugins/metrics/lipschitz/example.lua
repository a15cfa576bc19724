-- How steep a model is after a short training.
local basin = require "basin"

local data, process = basin.dataset "shapes" { count = 1000, size = 16 }, basin.process "vp" { schedule = "cosine", steps = 1000 }
local model = basin.model "adm_unet" { image = 16, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = { 8 } }
local metric = basin.metric "lipschitz" { images = 4 }
basin.run { name = "example-lipschitz", seed = 0, device = "cpu", precision = "fp32" }:train {
  model = model, data = data, process = process, steps = 100, batch = 32, optimizer = basin.optimizer "adam" { lr = 2e-3 },
}
print(metric:measure(model, data))
