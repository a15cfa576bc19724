-- How much SAM's radius matters, which the paper chooses from three: LPF, loss, FID and what 4 bits cost, over rho.
-- Writes rho.png.
local basin = require "basin"
local study = require "study"

local radii = { 0.01, 0.03, 0.1, 0.3 }
local steps = math.max(1, study.steps // 3)
local rows, flat = {}, {}
for i, rho in ipairs(radii) do
  local function of(get)
    return study.over_seeds(function(seed)
      local model, run = study.train(study.methods.sam, seed, { rho = rho, steps = steps })
      return get(model:averaged "ema", run)
    end)
  end
  local over = of(function(model) return study.lpf(model).lpf_minus_loss end)
  flat[i] = type(over) == "table" and over.value or over
  rows[i] = {
    rho, of(function(model) return study.lpf(model).value end), of(function(model) return study.lpf(model).loss end), over,
    of(function(model, run) return study.lpf(study.quantized(model, run, 4)).loss - study.lpf(model).loss end),
    of(function(model, run) return study.fid(model, run, 20).value end),
  }
end
print(basin.table { columns = { "rho", "LPF", "loss", "LPF - loss", "4 bits: loss", "FID, 20 steps" }, rows = rows })
print("picture: " .. basin.tensor(flat):plot {
  path = "rho.png", x = radii, log_x = true, title = "SAM after " .. steps .. " steps", x_label = "rho", y_label = "LPF - loss",
})
study.footer()
