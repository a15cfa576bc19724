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
  rows[i + 1] = { rho or "Adam", study.over_seeds(function(seed)
    local model, run = study.train(rho and study.methods.sam or study.methods.adam, seed, { rho = rho, steps = steps })
    local ema = model:averaged "ema"
    local lpf = study.lpf(ema)
    return lpf.value, lpf.loss, lpf.lpf_minus_loss, study.lpf(study.quantized(ema, run, 4)).loss - lpf.loss,
      bias:measure(ema, study.test_images).gap_last_step, study.fid(ema, run, 20).value
  end) }
  local rise = rows[i + 1][4]
  if rho then flat[i] = rise.value end
end
print(basin.table {
  columns = { "rho", "LPF", "loss", "LPF - loss", "4 bits: loss", "|eps| gap", "FID, 20 steps" }, rows = rows,
})
print("picture: " .. basin.tensor(flat):plot {
  path = "rho.png", x = radii, log_x = true, title = "SAM after " .. steps .. " steps", x_label = "rho", y_label = "LPF - loss",
})
study.footer()
