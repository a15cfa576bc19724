-- SAM and ASAM around Adam: loss, flatness and time.
local basin = require "basin"

local data = basin.dataset "shapes" { count = 512, size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local adam = basin.optimizer "adam" { lr = 1e-3 }
local ways = {
  sam = basin.optimizer "sam" { rho = 0.1, base = adam },
  asam = basin.optimizer "asam" { rho = 0.5, base = adam },
}
local rows = {}
for name, optimizer in pairs(ways) do
  local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = {} }
  local run = basin.run { name = "example-" .. name, seed = 0, device = "cpu", precision = "fp32" }
  local result = run:train { model = model, data = data, process = process, steps = 60, batch = 32, optimizer = optimizer }
  local flatness = basin.metric("lpf", { sigma = 0.01, draws = 4, images = 64 }):measure(model, data)
  rows[#rows + 1] = { name, result.loss, flatness, result.seconds }
end
print(basin.table { columns = { "optimizer", "loss", "LPF", "seconds" }, rows = rows })
