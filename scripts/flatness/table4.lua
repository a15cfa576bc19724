-- Table 4: FID and loss after rounding the weights to 8, 4 and 3 bits, without any tuning; and which way of rounding costs
-- as much at 8 bits as the paper says (+13.55 for Adam).
local basin = require "basin"
local study, paper = require "study", require "paper"

local rows = {}
for _, i in ipairs { 1, 2, 7, 8 } do
  local row = study.rows[i]
  for _, bits in ipairs { 32, 8, 4, 3 } do
    local function of(get)
      return study.over_seeds(function(seed)
        local model, run = study.weights(row, seed)
        return get(bits == 32 and model or study.quantized(model, run, bits), run, model)
      end)
    end
    rows[#rows + 1] = {
      row[3], bits,
      of(function(model, run) return study.fid(model, run, 20).value end),
      study.printed(bits == 32 and paper.table2.cifar10[row[3]][1] or bits == 8 and paper.table4[row[3]][1]),
      of(function(model, run, whole) return study.fid(model, run, 20).value - study.fid(whole, run, 20).value end),
      of(function(model) return study.lpf(model).loss end),
      of(function(model, _, whole) return study.lpf(model).loss - study.lpf(whole).loss end),
    }
  end
end
print(basin.table { columns = { "", "bits", "FID, 20 steps", "paper", "change", "loss", "change" }, rows = rows })

-- The 8 bits of the paper's table, at 100 steps.
rows = {}
for _, i in ipairs { 1, 2, 7, 8 } do
  local row = study.rows[i]
  local function fid(bits)
    return function(seed)
      local model, run = study.weights(row, seed)
      return study.fid(bits == 32 and model or study.quantized(model, run, bits), run, 100).value
    end
  end
  local printed = { paper.table2.cifar10[row[3]][2], paper.table4[row[3]][2] }
  rows[#rows + 1] = {
    row[3], study.over_seeds(fid(32)), study.printed(printed[1]), study.over_seeds(fid(8)), study.printed(printed[2]),
    study.over_seeds(function(seed) return fid(8)(seed) - fid(32)(seed) end), ("%+.2f"):format(printed[2] - printed[1]),
  }
end
print(basin.table { columns = { "FID, 100 steps", "32 bits", "paper", "8 bits", "paper", "change", "paper" }, rows = rows })

-- What the paper leaves unsaid about its quantizer, each way on Adam's and SAM's weights: the change of the loss.
local grid = {}
for _, which in ipairs { "weights", "all" } do
  for _, granularity in ipairs { "channel", "tensor" } do
    for _, scheme in ipairs { "symmetric", "affine" } do
      for _, bits in ipairs { 8, 4 } do
        local cells = { which, granularity, scheme, bits }
        for _, i in ipairs { 1, 7 } do
          cells[#cells + 1] = study.over_seeds(function(seed)
            local model, run = study.weights(study.rows[i], seed)
            local small = study.quantized(model, run, bits, { which = which, granularity = granularity, scheme = scheme })
            return study.lpf(small).loss - study.lpf(model).loss
          end)
        end
        grid[#grid + 1] = cells
      end
    end
  end
end
print(basin.table { columns = { "which", "one scale for each", "levels", "bits", "ADM: loss", "+SAM: loss" }, rows = grid })

-- The crudest way, one range for every parameter however small it is: what 8 bits then cost.
grid = {}
for _, clip in ipairs { 0.5, 1, 2, 4, 8 } do
  local cells = { clip }
  for _, i in ipairs { 1, 2, 7, 8 } do
    local function change(get)
      return study.over_seeds(function(seed)
        local model, run = study.weights(study.rows[i], seed)
        local small = study.quantized(model, run, 8, { which = "all", clip = clip })
        return get(small, run) - get(model, run)
      end)
    end
    cells[#cells + 1] = change(function(model) return study.lpf(model).loss end)
    cells[#cells + 1] = change(function(model, run) return study.fid(model, run, 20).value end)
  end
  grid[#grid + 1] = cells
end
print(basin.table {
  columns = { "range", "ADM: loss", "FID", "+EMA: loss", "FID", "+SAM: loss", "FID", "+SAM+EMA: loss", "FID" }, rows = grid,
})
study.footer()
