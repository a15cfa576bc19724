-- How much SAM's radius matters, which the paper chooses from three: LPF, loss, what 4 bits cost, the gap of the predicted
-- noise's norm at the last of 20 steps, and FID, over rho, beside Adam after as many steps. Writes rho.png.
local basin = require "basin"
local study = require "study"

local radii = { 0.01, 0.03, 0.1, 0.3 }
local steps = math.max(1, study.steps // 3)
local bias = basin.metric "exposure_bias" { sampler = basin.sampler "ddpm" { steps = 20 }, images = basin.args.images // 2 }
local rows, flat = {}, {}
for i = 0, #radii do
  local rho = radii[i]  -- nil: Adam
  local function of(get)
    return study.over_seeds(function(seed)
      local model, run = study.train(rho and study.methods.sam or study.methods.adam, seed, { rho = rho, steps = steps })
      return get(model:averaged "ema", run)
    end)
  end
  local over = of(function(model) return study.lpf(model).lpf_minus_loss end)
  if rho then flat[i] = type(over) == "table" and over.value or over end
  rows[i + 1] = {
    rho or "Adam", of(function(model) return study.lpf(model).value end), of(function(model) return study.lpf(model).loss end),
    over,
    of(function(model, run) return study.lpf(study.quantized(model, run, 4)).loss - study.lpf(model).loss end),
    of(function(model) return bias:measure(model, study.test_images).gap_last_step end),
    of(function(model, run) return study.fid(model, run, 20).value end),
  }
end
print(basin.table {
  columns = { "rho", "LPF", "loss", "LPF - loss", "4 bits: loss", "|eps| gap", "FID, 20 steps" }, rows = rows,
})
print("picture: " .. basin.tensor(flat):plot {
  path = "rho.png", x = radii, log_x = true, title = "SAM after " .. steps .. " steps", x_label = "rho", y_label = "LPF - loss",
})
study.footer()
