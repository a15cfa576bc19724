-- A learning rate that would be too much, with and without clipping.
local basin = require "basin"

local sgd = basin.optimizer "sgd" { lr = 2 }
for name, optimizer in pairs { plain = sgd, clipped = basin.optimizer "clip" { norm = 0.1, base = sgd } } do
  local run = basin.run { name = "example-clip-" .. name, seed = 0, device = "cpu", precision = "fp32" }
  local ok, result = pcall(run.train, run, {
    model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} },
    data = basin.dataset "gaussian" { size = 8 }, process = basin.process "vp" { schedule = "cosine", steps = 1000 },
    steps = 30, batch = 32, optimizer = optimizer,
  })
  print(name, ok and ("loss %.3f"):format(result.loss) or tostring(result))
end
