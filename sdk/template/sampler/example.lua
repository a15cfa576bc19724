-- Images after few and many evaluations of the model, by both methods.
local basin = require "basin"

local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
local run = basin.run { name = "example", seed = 0, device = "cpu", precision = "fp32" }
run:train {
  model = model, data = basin.dataset "shapes" { count = 500, size = 8 },
  process = basin.process "vp" { schedule = "cosine", steps = 1000 }, steps = 60, batch = 16,
  optimizer = basin.optimizer "adam" { lr = 2e-3 },
}
for _, sampler in ipairs {
  basin.sampler "my_sampler" { steps = 20, method = "euler" }, basin.sampler "my_sampler" { steps = 10, method = "heun" },
} do
  print(sampler, run:sample { model = model, sampler = sampler, count = 8 }.count .. " images")
end
