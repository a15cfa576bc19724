-- Images from the same noise: the sampler alone, and with adversarial around it.
local basin = require "basin"

local model = basin.model "adm_unet" { image = 16, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = { 8 } }
local run = basin.run { name = "example-adversarial", seed = 0, device = "cpu", precision = "fp32" }
run:train {
  model = model, data = basin.dataset "shapes" { count = 1000, size = 16 },
  process = basin.process "vp" { schedule = "cosine", steps = 1000 }, steps = 100, batch = 32,
  optimizer = basin.optimizer "adam" { lr = 2e-3 },
}
local ddim = basin.sampler "ddim" { steps = 20 }
run:sample({ model = model, sampler = ddim, count = 16 }):grid "example-adversarial-without.png"
run:sample({ model = model, sampler = basin.sampler("adversarial", { radius = 10, base = ddim }), count = 16 }):grid "example-adversarial.png"
