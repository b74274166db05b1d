class users { @user { 'alice': tag => 'dev' } @user { 'bob': } }
class dev { include users User <| tag == 'dev' |> }
include dev
