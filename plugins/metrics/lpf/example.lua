-- Flatness of an untrained model over a range of noise on its weights.
local basin = require "basin"

local data = basin.dataset "shapes" { count = 256, size = 16 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local model = basin.model "adm_unet" { image = 16, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = { 8 } }

local rows = {}
for _, sigma in ipairs { 0.003, 0.01, 0.03 } do
  local flatness = basin.metric("lpf", { sigma = sigma, draws = 4, images = 64 }):measure(model, data, { process = process })
  rows[#rows + 1] = { sigma, flatness, flatness.lpf_minus_loss }
end
print(basin.table { columns = { "sigma", "LPF", "LPF - loss" }, rows = rows })
