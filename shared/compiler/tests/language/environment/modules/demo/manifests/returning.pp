class demo::returning {
  notice('before')
  return()
  notice('after')
}
