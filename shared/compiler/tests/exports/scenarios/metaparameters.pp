# Metaparameters travel as parameters; inherited ones are set before the export.
class noisy { @@notify { 'inherited': } @@notify { 'own': noop => false, loglevel => 'debug', schedule => 'daily', audit => ['message'] } }
node exporter {
  class { 'noisy': noop => true, tag => 'from_class' }
  @@notify { 'undefined': message => undef, noop => undef }
}
class quiet { Notify <<| |>> }
node collector { class { 'quiet': noop => true, schedule => 'weekly', tag => 'by_class' } }
node q1 { Notify <<| noop == true |>> }
node q2 { Notify <<| tag == 'from_class' |>> }
