-- What the paper does not say and what hangs on it: LPF's sigma and its number M of perturbed models, the batch, and the rate
-- of EMA. (How weights are rounded is in table4.lua, SAM's radius in rho.lua.) Each choice is judged by what the study asks:
-- how much flatter SAM is than Adam.
local basin = require "basin"
local study = require "study"

local args = basin.args
local adam, sam = { "adam", nil }, { "sam", nil }

-- Adam's LPF - loss, SAM's, and SAM's share of Adam's, over the seeds; then the loss of both. lpf(row, seed) measures one.
local function compared(lpf)
  return study.over_seeds(function(seed)
    local a, s = lpf(adam, seed), lpf(sam, seed)
    return a.lpf_minus_loss, s.lpf_minus_loss, s.lpf_minus_loss / a.lpf_minus_loss, a.loss, s.loss
  end)
end

-- LPF's sigma: where the loss is quadratic, LPF - loss grows with its square and the share stays.
local rows = {}
for _, sigma in ipairs { 0.0025, 0.005, 0.01, 0.02, 0.04 } do
  local lpf = basin.metric "lpf" { sigma = sigma, draws = args.draws, images = args.images, bands = 0 }
  local a, s, share = compared(function(row, seed) return lpf:measure(study.weights(row, seed), study.test_images) end)
  rows[#rows + 1] = { sigma, a, s, share }
end
print(basin.table { columns = { "sigma", "ADM: LPF - loss", "+SAM: LPF - loss", "share" }, rows = rows })

-- LPF's M, on one training: the interval is that of the draws alone.
rows = {}
for _, draws in ipairs { 2, 4, 8, 16, 32 } do
  local lpf = basin.metric "lpf" { sigma = args.sigma, draws = draws, images = args.images, bands = 0 }
  local cells = { draws }
  for i, row in ipairs { adam, sam } do
    cells[1 + i] = lpf:measure(study.weights(row, study.seeds[1]), study.test_images).intervals.lpf_minus_loss
  end
  rows[#rows + 1] = cells
end
print(basin.table { columns = { "M", "ADM, one training", "+SAM, one training" }, rows = rows })

-- The batch and the rate of EMA: trainings on a third of the study's images, the same number at each batch and so fewer steps
-- at a larger one; the rates ride along.
local rates = { { 0.99, "ema990" }, { 0.997, "ema" }, { 0.999, "ema999" } }
local averages = {}
for _, rate in ipairs(rates) do averages[rate[2]] = basin.averager "ema" { decay = rate[1] } end
local function trained(method, seed, batch)
  local steps = math.max(1, study.steps * study.batch // (3 * batch))
  return study.train(study.methods[method], seed, { batch = batch, steps = steps, averages = averages })
end

rows = {}
for _, batch in ipairs { math.max(1, study.batch // 2), study.batch, study.batch * 2, study.batch * 4 } do
  rows[#rows + 1] = { batch, compared(function(row, seed) return study.lpf((trained(row[1], seed, batch))) end) }
end
print(basin.table {
  columns = { "batch", "ADM: LPF - loss", "+SAM: LPF - loss", "share", "ADM: loss", "+SAM: loss" }, rows = rows,
})

rows = {}
for _, method in ipairs { "adam", "sam" } do
  for _, rate in ipairs { { "none" }, table.unpack(rates) } do
    rows[#rows + 1] = { method, rate[1], study.over_seeds(function(seed)
      local model, run = trained(method, seed, study.batch)
      if rate[2] then model = model:averaged(rate[2]) end
      local lpf = study.lpf(model)
      return lpf.lpf_minus_loss, lpf.loss, study.fid(model, run, 20).value
    end) }
  end
end
print(basin.table { columns = { "", "rate of EMA", "LPF - loss", "loss", "FID, 20 steps" }, rows = rows })
study.footer()
