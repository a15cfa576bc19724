-- Table 4: FID and loss after rounding the weights to 8, 4 and 3 bits, without any tuning; and which way of rounding costs
-- as much at 8 bits as the paper says (+13.55 for Adam).
local basin = require "basin"
local study, paper = require "study", require "paper"

local rows = {}
for _, i in ipairs { 1, 2, 7, 8 } do
  local row = study.rows[i]
  for _, bits in ipairs { 32, 8, 4, 3 } do
    local fid, dearer, loss, higher = study.over_seeds(function(seed)
      local whole, run = study.weights(row, seed)
      local small = bits == 32 and whole or study.quantized(whole, run, bits)
      local fid, loss = study.fid(small, run, 20).value, study.lpf(small).loss
      return fid, fid - study.fid(whole, run, 20).value, loss, loss - study.lpf(whole).loss
    end)
    local printed = bits == 32 and paper.table2.cifar10[row[3]][1] or bits == 8 and paper.table4[row[3]][1]
    rows[#rows + 1] = { row[3], bits, fid, study.printed(printed), dearer, loss, higher }
  end
end
print(basin.table { columns = { "", "bits", "FID, 20 steps", "paper", "change", "loss", "change" }, rows = rows })

-- The 8 bits of the paper's table, at 100 steps.
rows = {}
for _, i in ipairs { 1, 2, 7, 8 } do
  local row = study.rows[i]
  local whole, small, change = study.over_seeds(function(seed)
    local model, run = study.weights(row, seed)
    local whole, small = study.fid(model, run, 100).value, study.fid(study.quantized(model, run, 8), run, 100).value
    return whole, small, small - whole
  end)
  local printed = { paper.table2.cifar10[row[3]][2], paper.table4[row[3]][2] }
  rows[#rows + 1] = {
    row[3], whole, study.printed(printed[1]), small, study.printed(printed[2]), change,
    ("%+.2f"):format(printed[2] - printed[1]),
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

-- The crudest way, one fixed range however small a weight is: what 8 bits then cost, and where the range clips.
grid = {}
for _, which in ipairs { "weights", "all" } do
  for _, clip in ipairs { 0.5, 1, 2, 4, 8 } do
    local cells = { which, clip }
    for _, i in ipairs { 1, 7 } do
      cells[#cells + 1], cells[#cells + 2] = study.over_seeds(function(seed)
        local model, run = study.weights(study.rows[i], seed)
        local small = study.quantized(model, run, 8, { which = which, clip = clip })
        return study.lpf(small).loss - study.lpf(model).loss,
          study.fid(small, run, 20).value - study.fid(model, run, 20).value
      end)
    end
    grid[#grid + 1] = cells
  end
end
print(basin.table { columns = { "which", "range", "ADM: loss", "FID", "+SAM: loss", "FID" }, rows = grid })
local largest = { 0, 0 }  -- of the gains of norms, of all else
for name, value in pairs(study.weights(study.rows[1], study.seeds[1]):parameters()) do
  local k = value.dims == 1 and name:find "weight$" and 1 or 2
  largest[k] = math.max(largest[k], value:abs():max():item())
end
print(("largest gain of a norm %.2f, largest other parameter %.2f (ADM, seed %d)"):format(largest[1], largest[2], study.seeds[1]))
study.footer()
